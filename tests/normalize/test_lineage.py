"""Who reads whom, and how much lies downstream."""

from itertools import pairwise

from sigma_dbt_sync.normalize.lineage import downstream_counts, edge_rows
from tests.builders import data_test, node, project

A, B, C, D = (f"model.shop.{name}" for name in "abcd")
SEED, SOURCE = "seed.shop.stores", "source.shop.web.sessions"
BOARD = "exposure.shop.board"


def counts(*nodes):
    return downstream_counts(project(*nodes))


def edges(*nodes):
    return [
        (row.parent_unique_id, row.child_unique_id, row.edge_type)
        for row in edge_rows(project(*nodes))
    ]


def test_a_diamond_is_counted_once():
    found = counts(node(A), node(B, reads=(A,)), node(C, reads=(A,)), node(D, reads=(B, C)))

    assert found == {A: (3, 0), B: (1, 0), C: (1, 0), D: (0, 0)}


def test_exposures_are_counted_apart():
    found = counts(node(A), node(B, reads=(A,)), node(BOARD, reads=(B,)))

    assert (found[A], found[B], found[BOARD]) == ((1, 1), (0, 1), (0, 0))


def test_tests_are_not_counted():
    assert counts(node(A), data_test(on=A, reads=(A,)))[A] == (0, 0)


def test_seeds_snapshots_and_models_below_a_source_are_counted():
    snapshot = "snapshot.shop.prices"
    found = counts(
        node(SOURCE), node(SEED), node(A, reads=(SOURCE, SEED)), node(snapshot, reads=(A,))
    )

    assert (found[SOURCE], found[SEED], found[A]) == ((2, 0), (2, 0), (1, 0))


def test_what_reads_a_metric_reads_its_model():
    metric = "metric.shop.revenue"
    found = counts(node(A), node(metric, reads=(A,)), node(BOARD, reads=(metric,)))

    assert found[A] == (0, 1)


def test_a_parent_that_does_not_exist_does_not_matter():
    assert counts(node(A, reads=("model.shop.disabled",)))[A] == (0, 0)


def test_a_circle_gives_no_counts():
    assert counts(node(A, reads=(B,)), node(B, reads=(A,))) == {}


def test_a_long_line_of_models_is_counted_whole():
    """Far beyond Python's recursion limit."""
    ids = [f"model.shop.m{number}" for number in range(3000)]
    line = [node(one, reads=(before,)) for before, one in pairwise(ids)]

    assert counts(node(ids[0]), *line)[ids[0]] == (2999, 0)


def test_each_dependency_is_one_edge_that_says_what_the_child_is():
    found = edges(
        node(SOURCE),
        node(A, reads=(SOURCE, SOURCE)),
        data_test("unique_a", on=A, reads=(A,)),
        node(BOARD, reads=(A,)),
    )

    assert sorted(found) == [
        (A, BOARD, "exposure"),
        (A, "test.shop.unique_a", "test"),
        (SOURCE, A, "model"),
    ]


def test_an_edge_needs_both_ends():
    assert edges(node(A, reads=("macro.dbt.is_incremental", "model.shop.disabled"))) == []


def test_an_edge_joins_by_node_keys():
    made = project(node(A), node(B, reads=(A,)))
    (row,) = edge_rows(made)

    assert row.parent_node_key != row.child_node_key
    assert (row.account_id, row.environment_id, row.project_id) == (7, 700, 70)
