"""Who reads whom: direct edges, all that lies downstream of a node, and how many those are."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from graphlib import CycleError, TopologicalSorter

from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.project import RELATION_TYPES, Project, resource_type
from sigma_dbt_sync.tables.graph import EdgeRow, LineageRow

Downstream = tuple[int, int]
"""How many models, seeds and snapshots lie downstream of a node, and how many exposures."""

_COUNTED = frozenset({"model", "seed", "snapshot"})
LEAVES = frozenset({"test", "unit_test"})
"""Nodes that nothing reads; most nodes of a project are tests."""
_ANCESTORS = frozenset({*RELATION_TYPES, "function"})
_DESCENDANTS = _ANCESTORS | {"exposure"}

MAX_DEPTH = 20
MAX_LINEAGE_ROWS = 1_000_000
"""A project of 10,000 models has some hundred thousand pairs; a million take seconds to publish."""


def edge_rows(project: Project, only: AbstractSet[str] | None = None) -> Iterator[EdgeRow]:
    """Yield one row per direct dependency between nodes of the project, or `only` of some nodes."""
    account_id, environment_id = project.account_id, project.environment_id
    nodes = project.nodes
    children = nodes if only is None else sorted(uid for uid in only if uid in nodes)
    for child in map(nodes.__getitem__, children):
        key = node_key(account_id, environment_id, child.unique_id)
        for parent in dict.fromkeys(child.parents):
            if parent in nodes:
                yield EdgeRow(
                    account_id=account_id,
                    environment_id=environment_id,
                    parent_unique_id=parent,
                    child_unique_id=child.unique_id,
                    project_id=project.project_id,
                    parent_node_key=node_key(account_id, environment_id, parent),
                    child_node_key=key,
                    edge_type=resource_type(child.unique_id),
                )


def downstream_counts(project: Project) -> dict[str, Downstream]:
    """Count what lies downstream of each node but tests.

    A set of descendants is one big integer with a bit per counted node, so that a project of 10,000
    models costs a fraction of a second. A cycle (which dbt forbids) gives no counts.
    """
    counted = [uid for uid in project.nodes if resource_type(uid) in _COUNTED]
    exposures = [uid for uid in project.nodes if resource_type(uid) == "exposure"]
    bits = {uid: 1 << position for position, uid in enumerate([*counted, *exposures])}
    relation_mask = (1 << len(counted)) - 1
    below = {uid: 0 for uid in project.nodes if resource_type(uid) not in LEAVES}
    graph = {uid: [p for p in project.nodes[uid].parents if p in below] for uid in below}
    try:
        children_last = list(TopologicalSorter(graph).static_order())
    except CycleError:
        return {}
    for uid in reversed(children_last):
        reach = below[uid] | bits.get(uid, 0)
        for parent in graph[uid]:
            below[parent] |= reach
    return {
        uid: ((reach & relation_mask).bit_count(), (reach >> len(counted)).bit_count())
        for uid, reach in below.items()
    }


def lineage_rows(project: Project, most: int = MAX_LINEAGE_ROWS) -> Iterator[LineageRow]:
    """Yield a row per relation and what lies downstream of it, nearest first.

    Ways lead through everything but tests. Only whole levels of depth are left out to stay within
    `most` rows, the first never: what is there is then complete up to some depth.
    """
    account_id, environment_id = project.account_id, project.environment_id
    keys = {uid: node_key(account_id, environment_id, uid) for uid in project.nodes}
    ends = [uid for uid in project.nodes if resource_type(uid) in _DESCENDANTS]
    yielded = 0
    for depth, level in enumerate(_levels(project, ends), start=1):
        found = {uid: bits for uid, bits in level.items() if resource_type(uid) in _ANCESTORS}
        yielded += sum(bits.bit_count() for bits in found.values())
        if yielded > most and depth > 1:
            return
        for ancestor, bits in found.items():
            for descendant in _chosen(ends, bits):
                yield LineageRow(
                    account_id=account_id,
                    environment_id=environment_id,
                    ancestor_unique_id=ancestor,
                    descendant_unique_id=descendant,
                    project_id=project.project_id,
                    ancestor_key=keys[ancestor],
                    descendant_key=keys[descendant],
                    min_depth=depth,
                )


def _levels(project: Project, ends: Sequence[str]) -> Iterator[dict[str, int]]:
    """Yield, for depth 1 to 20, which of `ends` lie exactly so deep below each node.

    A set of ends is one big integer with a bit for each. What lies n steps below a node lies n - 1
    steps below one of its children; what is nearer, or is the node itself, is taken out.
    """
    bits = {uid: 1 << position for position, uid in enumerate(ends)}
    inner = {uid for uid in project.nodes if resource_type(uid) not in LEAVES}
    parents = {uid: inner.intersection(project.nodes[uid].parents) for uid in inner}
    nearer = {uid: bits.get(uid, 0) for uid in inner}
    level = bits
    for _ in range(MAX_DEPTH):
        below: dict[str, int] = {}
        for uid, reach in level.items():
            for parent in parents[uid]:
                below[parent] = below.get(parent, 0) | reach
        level = {uid: new for uid, reach in below.items() if (new := reach & ~nearer[uid])}
        for uid, new in level.items():
            nearer[uid] |= new
        if not level:
            return
        yield level


def _chosen(ends: Sequence[str], bits: int) -> Iterator[str]:
    while bits:
        lowest = bits & -bits
        yield ends[lowest.bit_length() - 1]
        bits ^= lowest
