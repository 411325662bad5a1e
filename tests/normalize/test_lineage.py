"""Who reads whom, and how much lies downstream."""

from itertools import pairwise
from random import Random
from time import perf_counter

import pytest

from sigma_dbt_sync.normalize.lineage import (
    MAX_DEPTH,
    MAX_LINEAGE_ROWS,
    downstream_counts,
    edge_rows,
    lineage_rows,
)
from tests.builders import data_test, node, project

A, B, C, D = (f"model.shop.{name}" for name in "abcd")
SEED, SOURCE = "seed.shop.stores", "source.shop.web.sessions"
BOARD = "exposure.shop.board"


def counts(*nodes):
    return downstream_counts(project(*nodes))


def lineage(*nodes, **limits):
    rows = list(lineage_rows(project(*nodes), **limits))
    found = {(row.ancestor_unique_id, row.descendant_unique_id): row.min_depth for row in rows}
    assert len(found) == len(rows)
    return found


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


def test_lineage_is_everything_downstream_and_how_far():
    found = lineage(node(SOURCE), node(A, reads=(SOURCE,)), node(B, reads=(A,)))

    assert found == {(SOURCE, A): 1, (A, B): 1, (SOURCE, B): 2}


def test_the_shortest_way_counts():
    found = lineage(
        node(A), node(B, reads=(A,)), node(C, reads=(B,)), node(D, reads=(A, C)), node(SEED)
    )

    assert found[A, D] == 1
    assert found == {(A, B): 1, (B, C): 1, (C, D): 1, (A, D): 1, (A, C): 2, (B, D): 2}


def test_lineage_ends_at_relations_functions_and_exposures():
    function, metric = "function.shop.to_cents", "metric.shop.revenue"
    found = lineage(
        node(SEED),
        node(function),
        node(A, reads=(SEED, function)),
        node("snapshot.shop.prices", reads=(A,)),
        node("semantic_model.shop.a", reads=(A,)),
        node(metric, reads=("semantic_model.shop.a",)),
        node(BOARD, reads=(metric,)),
        node("analysis.shop.idea", reads=(A,)),
        data_test(on=A, reads=(A,)),
        node("unit_test.shop.a.adds_up", reads=(A,)),
        node("group.shop.finance"),
    )

    assert found == {
        (SEED, A): 1,
        (function, A): 1,
        (A, "snapshot.shop.prices"): 1,
        (SEED, "snapshot.shop.prices"): 2,
        (function, "snapshot.shop.prices"): 2,
        (A, BOARD): 3,
        (SEED, BOARD): 4,
        (function, BOARD): 4,
    }


def test_ways_lead_through_ephemeral_models_and_count_them():
    hidden = node(B, reads=(A,), config={"materialized": "ephemeral"}, relation_name=None)

    assert lineage(node(A), hidden, node(C, reads=(B,)))[A, C] == 2


def test_no_way_leads_through_a_test():
    test = data_test(on=A, reads=(A,))

    assert lineage(node(A), test, node(B, reads=(test["unique_id"],))) == {}


def test_a_parent_that_does_not_exist_is_nobodys_ancestor():
    assert lineage(node(A, reads=("model.shop.disabled", "macro.shop.x"))) == {}


def test_a_circle_ends_and_nothing_is_below_itself():
    found = lineage(
        node(A, reads=(C,)), node(B, reads=(A,)), node(C, reads=(B,)), node(D, reads=(D,))
    )

    assert found == {(A, B): 1, (B, C): 1, (C, A): 1, (A, C): 2, (B, A): 2, (C, B): 2}


def test_lineage_goes_so_many_steps():
    ids = [f"model.shop.m{number}" for number in range(MAX_DEPTH + 5)]
    found = lineage(node(ids[0]), *(node(one, reads=(last,)) for last, one in pairwise(ids)))

    assert found[ids[0], ids[MAX_DEPTH]] == MAX_DEPTH == 20
    assert (ids[0], ids[MAX_DEPTH + 1]) not in found


LINE = (node(A), node(B, reads=(A,)), node(C, reads=(B,)), node(D, reads=(C,)))


@pytest.mark.parametrize(("most", "deepest", "rows"), [(6, 3, 6), (5, 2, 5), (4, 1, 3), (1, 1, 3)])
def test_what_is_furthest_apart_is_left_out_when_there_is_too_much(most, deepest, rows):
    """Three pairs are one step apart, two are two, one is three; direct ones always stay."""
    found = lineage(*LINE, most=most)

    assert (max(found.values()), len(found)) == (deepest, rows)


def test_what_is_left_out_does_not_depend_on_the_order_of_the_manifest():
    assert lineage(*LINE, most=5) == lineage(*reversed(LINE), most=5)


def test_lineage_joins_by_node_keys():
    made = project(node(A), node(B, reads=(A,)))
    (row,), (edge,) = lineage_rows(made), edge_rows(made)

    assert (row.ancestor_key, row.descendant_key) == (edge.parent_node_key, edge.child_node_key)
    assert (row.account_id, row.environment_id, row.project_id) == (7, 700, 70)


@pytest.mark.parametrize("seed", range(20))
def test_lineage_is_what_a_search_from_every_node_finds(seed):
    chance = Random(seed)
    kinds = chance.choices(["model", "seed", "source", "exposure", "metric", "test"], k=40)
    ids = [f"{kind}.shop.n{number}" for number, kind in enumerate(kinds)]
    reads = {one: chance.sample(ids, chance.randrange(3)) for one in ids}

    assert lineage(*(node(one, reads=tuple(reads[one])) for one in ids)) == searched(ids, reads)


def searched(ids, reads):
    """Search breadth first upstream of every node."""
    found = {}
    for start in ids:
        seen, level, depth = {start}, {start}, 0
        while level and depth < MAX_DEPTH:
            depth += 1
            level = {up for one in level for up in reads[one] if not up.startswith("test.")} - seen
            seen |= level
            if start.split(".")[0] in ("model", "seed", "source", "exposure"):
                ups = (up for up in level if up.split(".")[0] in ("model", "seed", "source"))
                found |= {(up, start): depth for up in ups}
    return found


@pytest.mark.slow
def test_lineage_of_ten_thousand_models_takes_seconds():
    chance = Random(1)
    ids = [f"model.shop.m{number}" for number in range(10_000)]
    nodes = [
        node(one, reads=tuple(chance.sample(ids[:number], min(number, chance.randrange(1, 4)))))
        for number, one in enumerate(ids)
    ]
    made = project(*nodes)

    begin = perf_counter()
    rows = sum(1 for _ in lineage_rows(made))

    assert 100_000 < rows <= MAX_LINEAGE_ROWS
    assert perf_counter() - begin < 20
