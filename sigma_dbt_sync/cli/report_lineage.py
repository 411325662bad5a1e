"""Lays out the lineage around one relation: what it reads to the left, what reads it to the right.

networkx holds the graph and makes the layers, so that every arrow points to the right. It does not
order a layer: here a node goes where its neighbours are, which leaves a quarter of the crossings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean
from typing import TypeAlias

import networkx as nx

_STEPS = 3
_MOST = 40
_SWEEPS = 2
_BOX = (164, 32)
_GAP = (44, 12)
_EDGE = 2

Graph: TypeAlias = "nx.DiGraph[str]"
"""Who reads whom, from parent to child, by key; each key has its `node`."""


@dataclass(frozen=True, slots=True)
class Node:
    """A relation or exposure; `health` is that of its tab, when it has one."""

    key: str
    label: str
    kind: str
    health: str | None


@dataclass(frozen=True, slots=True)
class Box:
    """A node in the picture, by its upper left corner."""

    node: Node
    x: float
    y: float
    is_focus: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The boxes and arrows, in pixels; `left_out` counts nodes further away or too many."""

    width: float
    height: float
    box_width: float
    box_height: float
    boxes: list[Box]
    arrows: list[str]
    left_out: int


def lineage(nodes: Iterable[Node], edges: Iterable[tuple[str, str]]) -> Graph:
    """Gather who reads whom; edges of unknown nodes are dropped."""
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from((node.key, {"node": node}) for node in nodes)
    graph.add_edges_from(
        (parent, child)
        for parent, child in edges
        if parent in graph and child in graph and parent != child
    )
    return graph


def draw(graph: Graph, focus: str) -> Picture:
    """Draw the neighbourhood of one node: at most three steps either way, the nearest first."""
    steps = {
        **nx.single_target_shortest_path_length(graph, focus),
        **nx.single_source_shortest_path_length(graph, focus),
    }
    reached = sorted((far, key) for key, far in steps.items() if far <= _STEPS)[: _MOST + 1]
    near = graph.subgraph(key for _, key in reached).copy()
    places = _places(near)
    return Picture(
        width=max(x for x, _ in places.values()) + _BOX[0] + _EDGE,
        height=max(y for _, y in places.values()) + _BOX[1] + _EDGE,
        box_width=_BOX[0],
        box_height=_BOX[1],
        boxes=[Box(graph.nodes[key]["node"], *places[key], key == focus) for key in sorted(near)],
        arrows=[_arrow(places[parent], places[child]) for parent, child in sorted(near.edges)],
        left_out=len(steps) - len(near),
    )


def _places(near: Graph) -> dict[str, tuple[float, float]]:
    """Give each node the corner of its box; networkx knows no pixels, but keeps distances even."""
    layers = _layers(near)
    spots = nx.multipartite_layout(near, subset_key=dict(enumerate(layers)))
    left, top = (min(spot[axis] for spot in spots.values()) for axis in (0, 1))
    unit = (max(x for x, _ in spots.values()) - left) / max(len(layers) - 1, 1) or 1
    across, down = _BOX[0] + _GAP[0], _BOX[1] + _GAP[1]
    return {
        key: (
            round(_EDGE + float(x - left) / unit * across, 1),
            round(_EDGE + float(y - top) / unit * down, 1),
        )
        for key, (x, y) in spots.items()
    }


def _layers(near: Graph) -> list[list[str]]:
    """Sort the nodes into columns, each from top to bottom."""
    by_label = sorted(near, key=lambda key: (near.nodes[key]["node"].label, key))
    if not nx.is_directed_acyclic_graph(near):
        return [[key] for key in by_label]  # two variants of a project may disagree
    column = {
        key: number
        for number, layer in enumerate(nx.topological_generations(near))
        for key in layer
    }
    for key in reversed(list(column)):  # what is read late, a seed say, stands next to its reader
        column[key] = min((column[child] for child in near[key]), default=column[key] + 1) - 1
    layers: list[list[str]] = [[] for _ in range(1 + max(column.values()))]
    for key in by_label:
        layers[column[key]].append(key)
    _untangle(near, layers)
    return layers


def _untangle(near: Graph, layers: list[list[str]]) -> None:
    """Move each node towards the mean height of its parents, then of its children."""
    height = dict.fromkeys(near, 0.0)
    for neighbours, ordered in _SWEEPS * ((near.pred, layers), (near.succ, layers[::-1])):
        for layer in ordered:
            wanted = {
                key: mean([height[n] for n in neighbours[key]] or [height[key]]) for key in layer
            }
            layer.sort(key=wanted.__getitem__)
            height |= {key: row - (len(layer) - 1) / 2 for row, key in enumerate(layer)}


def _arrow(parent: tuple[float, float], child: tuple[float, float]) -> str:
    """Write the curve from the right of one box to the left of the other, as an SVG path."""
    x1, y1 = parent[0] + _BOX[0], parent[1] + _BOX[1] / 2
    x2, y2 = child[0], child[1] + _BOX[1] / 2
    bend = (x1 + x2) / 2
    return f"M{x1:g} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"
