"""What is kept of a graph that is too large, and which nodes are next to each other."""

import pytest

from sigma_dbt_sync.sync import graph as graphs
from sigma_dbt_sync.sync.graph import BUILD, TEST, Check, Graph, GraphColumn, Node, cut

A, B, C = "model.shop.a", "model.shop.b", "model.shop.c"


def node(unique_id: str, **fields) -> Node:
    return Node(
        environment_id=1, unique_id=unique_id, resource_type="model", name=unique_id, **fields
    )


def check(of: str, kind: str = TEST) -> Check:
    return Check(environment_id=1, node_id=of, unique_id=f"test.{of}", kind=kind, name="a_test")


def nearest(*edges: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    return graphs.nearest_nodes(edges, dict.fromkeys((A, B, C)))


def test_what_fits_is_kept_as_it_is():
    whole = Graph(7, (), (node(A, code="select 1"), node(B)), (check(A),))

    assert cut(whole) == whole


def test_of_too_many_nodes_those_stay_that_most_others_read(monkeypatch):
    monkeypatch.setattr(graphs, "MOST_NODES", 1)
    kept = cut(Graph(7, (), (node(A), node(B, downstream_count=3)), (check(A), check(B))))

    assert [each.unique_id for each in kept.nodes] == [B]
    assert [each.node_id for each in kept.checks] == [B]
    assert "1 of 2 nodes" in kept.cuts[0]


def test_of_too_many_checks_builds_go_first(monkeypatch):
    monkeypatch.setattr(graphs, "MOST_NODES_AND_CHECKS", 2)
    kept = cut(Graph(7, (), (node(A),), (check(A, BUILD), check(A))))

    assert [each.kind for each in kept.checks] == [TEST]
    assert "1 of 2 checks" in kept.cuts[0]


def test_of_too_many_tests_those_of_nodes_stay_that_most_others_read(monkeypatch):
    monkeypatch.setattr(graphs, "MOST_NODES_AND_CHECKS", 3)
    kept = cut(Graph(7, (), (node(A), node(B, downstream_count=3)), (check(A), check(B))))

    assert [each.node_id for each in kept.checks] == [B]


def test_of_too_many_columns_every_node_keeps_its_first(monkeypatch):
    monkeypatch.setattr(graphs, "MOST_COLUMNS", 10)
    wide = tuple(GraphColumn(f"c{number}") for number in range(30))
    kept = cut(Graph(7, (), (node(A, columns=wide), node(B, columns=wide[:3]))))

    assert [len(each.columns) for each in kept.nodes] == [7, 3]
    assert [each.columns_left_out for each in kept.nodes] == [23, 0]
    assert kept.cuts == ("columns after the first 7 of a node",)


def test_long_code_is_cut_and_shorter_when_there_is_much_of_it(monkeypatch):
    long = "x" * (graphs.LONGEST_CODE + 1)
    (kept,) = cut(Graph(7, (), (node(A, code=long),))).nodes

    assert (kept.is_code_cut, len(kept.code)) == (True, graphs.LONGEST_CODE)

    monkeypatch.setattr(graphs, "MOST_CODE", 10)
    brief = cut(Graph(7, (), (node(A, code=long), node(B, code="xyz"))))

    assert [(each.code, each.is_code_cut) for each in brief.nodes] == [
        ("x" * 7, True),
        ("xyz", False),
    ]
    assert brief.cuts == ("source code after the first 7 characters of a node",)


def test_parents_are_found_through_what_is_no_node():
    assert nearest((A, "metric.shop.m"), ("metric.shop.m", C), (B, C)) == {C: (A, B)}


@pytest.mark.parametrize(
    "edges", [[(A, B), (B, A)], [(A, B), (B, C), (C, A)], [(A, A)], [(A, "x"), ("x", A)]]
)
def test_a_circle_is_opened(edges):
    found = nearest(*edges)
    left = {(parent, child) for child, parents in found.items() for parent in parents}

    assert left < set(edges) or not left
