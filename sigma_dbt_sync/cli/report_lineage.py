"""Lays out the lineage around one relation: what it reads to the left, what reads it to the right.

Places are in pixels of the picture. Layers come from the graph itself, so that every arrow points
to the right; within a layer, a node stands where its neighbours are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from statistics import mean

_STEPS = 3
_MOST = 40
_BOX = (164, 32)
_GAP = (44, 12)
_EDGE = 2


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
    """The boxes and arrows; `left_out` counts nodes that are further away or too many."""

    width: float
    height: float
    box_width: float
    box_height: float
    boxes: list[Box]
    arrows: list[str]
    left_out: int


class Graph:
    """Who reads whom; edges of unknown nodes are dropped."""

    def __init__(self, nodes: Mapping[str, Node], edges: Iterable[tuple[str, str]]) -> None:
        self.nodes = nodes
        self.parents: defaultdict[str, set[str]] = defaultdict(set)
        self.children: defaultdict[str, set[str]] = defaultdict(set)
        for parent, child in edges:
            if parent in nodes and child in nodes and parent != child:
                self.parents[child].add(parent)
                self.children[parent].add(child)


def draw(graph: Graph, focus: str) -> Picture:
    """Draw the neighbourhood of one node: at most three steps either way, the nearest first."""
    up, down = _reach(graph.parents, focus), _reach(graph.children, focus)
    by_distance = sorted((steps, key) for far in (up, down) for key, steps in far.items())
    near = [key for steps, key in by_distance if steps <= _STEPS][:_MOST]
    shown = {focus, *near}
    layers = _layers(graph, shown)
    tallest = max(map(len, layers))
    places: dict[str, tuple[float, float]] = {}
    for column, layer in enumerate(layers):
        above = (tallest - len(layer)) / 2
        for row, key in enumerate(layer):
            places[key] = (
                _EDGE + column * (_BOX[0] + _GAP[0]),
                _EDGE + (above + row) * (_BOX[1] + _GAP[1]),
            )
    return Picture(
        width=len(layers) * (_BOX[0] + _GAP[0]) - _GAP[0] + 2 * _EDGE,
        height=tallest * (_BOX[1] + _GAP[1]) - _GAP[1] + 2 * _EDGE,
        box_width=_BOX[0],
        box_height=_BOX[1],
        boxes=[Box(graph.nodes[key], *places[key], key == focus) for key in sorted(places)],
        arrows=[
            _arrow(places[parent], places[child])
            for child in sorted(shown)
            for parent in sorted(graph.parents[child] & shown)
        ],
        left_out=len(up) + len(down) - len(near),
    )


def _reach(neighbours: Mapping[str, set[str]], start: str) -> dict[str, int]:
    """Steps to everything that can be reached, without the start."""
    found = {start: 0}
    frontier, steps = {start}, 0
    while frontier:
        steps += 1
        frontier = {key for at in frontier for key in neighbours.get(at, ())} - found.keys()
        found |= dict.fromkeys(frontier, steps)
    del found[start]
    return found


def _layers(graph: Graph, shown: set[str]) -> list[list[str]]:
    sorter = TopologicalSorter({key: graph.parents[key] & shown for key in sorted(shown)})
    layers: list[list[str]] = []
    try:
        sorter.prepare()
    except CycleError:  # two variants of a project may disagree; a row is still a picture
        return [[key] for key in sorted(shown)]
    while sorter.is_active():
        ready = sorter.get_ready()
        layers.append(sorted(ready, key=lambda key: graph.nodes[key].label))
        sorter.done(*ready)
    _pull_right(graph, layers, shown)
    for neighbours, ordered in ((graph.parents, layers), (graph.children, layers[::-1])):
        for before, layer in pairwise(ordered):
            place = {key: row / max(len(before) - 1, 1) for row, key in enumerate(before)}
            layer.sort(key=lambda key, at=place, of=neighbours: _middle(at, of[key]))
    return layers


def _pull_right(graph: Graph, layers: list[list[str]], shown: set[str]) -> None:
    """Move what is read late next to its reader: a seed used in the last step stands there."""
    column = {key: number for number, layer in enumerate(layers) for key in layer}
    for number in range(len(layers) - 2, -1, -1):
        for key in list(layers[number]):
            readers = [column[child] for child in graph.children[key] & shown]
            if readers and min(readers) - 1 > number:
                layers[number].remove(key)
                layers[min(readers) - 1].append(key)
                column[key] = min(readers) - 1
    layers[:] = [layer for layer in layers if layer]


def _middle(places: Mapping[str, float], neighbours: Iterable[str]) -> float:
    known = [places[key] for key in neighbours if key in places]
    return mean(known) if known else 0.5


def _arrow(parent: tuple[float, float], child: tuple[float, float]) -> str:
    """Write the curve from the right of one box to the left of the other, as an SVG path."""
    x1, y1 = parent[0] + _BOX[0], parent[1] + _BOX[1] / 2
    x2, y2 = child[0], child[1] + _BOX[1] / 2
    bend = (x1 + x2) / 2
    return f"M{x1:g} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"
