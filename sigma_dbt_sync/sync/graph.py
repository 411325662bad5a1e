"""The dbt project as one compact document: what a catalogue or orchestrator shows of its nodes.

A graph holds some environments' relations and exposures as they are now, with columns, source code,
lineage and tests. It is cut to a size that loads in about two seconds, however large the project.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct, field, structs

MOST_NODES = 10_000
MOST_NODES_AND_CHECKS = 14_000
MOST_COLUMNS = 40_000
MOST_CODE = 8_000_000
"""Limits of a whole graph, measured by `python -m benchmarks code_location`: a node or check costs
0.1 ms at load, a column 5 µs, and much more when the code server describes them to the UI.
"""

LONGEST_CODE = 4_000
LONGEST_TEXT = 2_000

BUILD, FRESHNESS, TEST = "build", "freshness", "test"
BUILT = ("model", "seed", "snapshot")


class Environment(Struct, frozen=True, omit_defaults=True):
    """A dbt Cloud environment, and what its project builds with."""

    environment_id: int
    name: str
    project_id: int | None = None
    project_name: str = ""
    adapter: str | None = None
    url: str | None = None


class GraphColumn(Struct, frozen=True, array_like=True):
    """A column of a relation."""

    name: str
    type: str = ""
    description: str = ""


class Node(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A relation or exposure; `parents` are the nodes of the same environment that it reads."""

    environment_id: int
    unique_id: str
    resource_type: str
    name: str
    source_name: str | None = None
    version: str | None = None
    package: str | None = None
    path: str | None = None
    description: str = ""
    label: str | None = None
    url: str | None = None
    materialized: str | None = None
    relation_name: str | None = None
    relation: tuple[str | None, str | None, str | None] = (None, None, None)
    group: str | None = None
    owner_name: str | None = None
    owner_email: str | None = None
    tags: tuple[str, ...] = ()
    meta: dict[str, object] = field(default_factory=dict[str, object])
    """What the project's meta says under `dagster`."""
    columns: tuple[GraphColumn, ...] = ()
    columns_left_out: int = 0
    code: str | None = None
    language: str = "sql"
    is_code_cut: bool = False
    parents: tuple[str, ...] = ()
    has_freshness: bool = False
    downstream_count: int = 0


class Check(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Something that is judged about a node: a dbt test, its build, or a source's freshness."""

    environment_id: int
    node_id: str
    unique_id: str
    kind: str
    name: str
    description: str = ""
    column: str | None = None
    severity: str | None = None


class Graph(Struct, frozen=True, omit_defaults=True):
    """Some environments of one account; `cuts` say what was left out to keep it small."""

    account_id: int = 0
    environments: tuple[Environment, ...] = ()
    nodes: tuple[Node, ...] = ()
    checks: tuple[Check, ...] = ()
    cuts: tuple[str, ...] = ()


def cut(graph: Graph) -> Graph:
    """Keep of a large graph what loads quickly: names and lineage before tests before details."""
    cuts: list[str] = []
    nodes = sorted(graph.nodes, key=lambda node: -node.downstream_count)[:MOST_NODES]
    kept = {(node.environment_id, node.unique_id): rank for rank, node in enumerate(nodes)}
    if left := len(graph.nodes) - len(nodes):
        cuts.append(f"{left} of {len(graph.nodes)} nodes: those that fewest others read")
    checks = [check for check in graph.checks if (check.environment_id, check.node_id) in kept]
    checks.sort(key=lambda check: (check.kind == BUILD, kept[check.environment_id, check.node_id]))
    room = max(0, MOST_NODES_AND_CHECKS - len(nodes))
    if left := max(0, len(checks) - room):
        cuts.append(f"{left} of {len(checks)} checks: builds, then those of nodes few others read")
    columns = _most_each([len(node.columns) for node in nodes], MOST_COLUMNS)
    if columns is not None:
        cuts.append(f"columns after the first {columns} of a node")
    code = _most_each([min(len(node.code or ""), LONGEST_CODE) for node in nodes], MOST_CODE)
    if code is not None:
        cuts.append(f"source code after the first {code} characters of a node")
    position = {(node.environment_id, node.unique_id): at for at, node in enumerate(graph.nodes)}
    longest = LONGEST_CODE if code is None else code
    nodes = [_shortened(node, columns, longest) for node in nodes]
    nodes.sort(key=lambda node: position[node.environment_id, node.unique_id])
    return structs.replace(
        graph, nodes=tuple(nodes), checks=tuple(checks[:room]), cuts=(*graph.cuts, *cuts)
    )


def _most_each(sizes: Sequence[int], budget: int) -> int | None:
    """Find how much each may have for all to fit; None when everything fits."""
    if sum(sizes) <= budget:
        return None

    def taken(most: int) -> int:
        return sum(min(size, most) for size in sizes)

    return bisect_right(range(max(sizes)), budget, key=taken) - 1


def _shortened(node: Node, columns: int | None, longest_code: int) -> Node:
    code = node.code
    is_long = code is not None and len(code) > longest_code
    kept = node.columns if columns is None else node.columns[:columns]
    return structs.replace(
        node,
        description=shortened(node.description, LONGEST_TEXT),
        columns=kept,
        columns_left_out=len(node.columns) - len(kept),
        code=code[:longest_code] if code else code,
        is_code_cut=node.is_code_cut or is_long,
    )


def shortened(text: str, longest: int) -> str:
    """Cut a text, showing that it was cut."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def nearest_nodes(
    edges: Iterable[tuple[str, str]], is_node: Mapping[str, object]
) -> dict[str, tuple[str, ...]]:
    """Find the parents of each node, through whatever is none, such as metrics.

    `edges` are (parent, child) pairs of one environment.
    """
    parents: defaultdict[str, list[str]] = defaultdict(list)
    for parent, child in edges:
        parents[child].append(parent)
    found: dict[str, tuple[str, ...]] = {}
    for child in is_node:
        near: set[str] = set()
        seen = {child}
        ahead = list(parents.get(child, ()))
        while ahead:
            parent = ahead.pop()
            if parent in seen:
                continue
            seen.add(parent)
            if parent in is_node:
                near.add(parent)
            else:
                ahead += parents.get(parent, ())
        if near:
            found[child] = tuple(sorted(near))
    return _without_cycles(found)


def _without_cycles(parents: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Drop an edge of each cycle: two variants of a project may see two models the other way round.

    No catalogue draws cycles, and some refuse the whole graph.
    """
    while True:
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as error:
            parent, child = error.args[1][:2]
            parents[child] = tuple(each for each in parents[child] if each != parent)
        else:
            return parents


def counted(graph: Graph) -> str:
    """Tell in words what a graph holds."""
    kinds = Counter(node.resource_type for node in graph.nodes)
    parts = [f"{count} {kind}s" for kind, count in sorted(kinds.items())]
    return ", ".join([*parts, f"{len(graph.checks)} checks"])
