"""Who reads whom: direct edges, and how many relations and exposures lie downstream of a node."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.project import Project, resource_type
from sigma_dbt_sync.tables.graph import EdgeRow

_COUNTED = frozenset({"model", "seed", "snapshot"})
_LEAVES = frozenset({"test", "unit_test"})
"""Nodes that nothing reads; most nodes of a project are tests."""


def edge_rows(project: Project) -> Iterator[EdgeRow]:
    """Yield one row per direct dependency between nodes of the project."""
    account_id, environment_id = project.account_id, project.environment_id
    keys = {uid: node_key(account_id, environment_id, uid) for uid in project.nodes}
    for child in project.nodes.values():
        for parent in dict.fromkeys(child.parents):
            if parent in keys:
                yield EdgeRow(
                    account_id=account_id,
                    environment_id=environment_id,
                    parent_unique_id=parent,
                    child_unique_id=child.unique_id,
                    project_id=project.project_id,
                    parent_node_key=keys[parent],
                    child_node_key=keys[child.unique_id],
                    edge_type=resource_type(child.unique_id),
                )


def downstream_counts(project: Project) -> dict[str, tuple[int, int]]:
    """Count what lies downstream of each node but tests: (models, seeds and snapshots; exposures).

    A set of descendants is one big integer with a bit per counted node, so that a project of 10,000
    models costs a fraction of a second. A cycle (which dbt forbids) gives no counts.
    """
    counted = [uid for uid in project.nodes if resource_type(uid) in _COUNTED]
    exposures = [uid for uid in project.nodes if resource_type(uid) == "exposure"]
    bits = {uid: 1 << position for position, uid in enumerate([*counted, *exposures])}
    relation_mask = (1 << len(counted)) - 1
    below = {uid: 0 for uid in project.nodes if resource_type(uid) not in _LEAVES}
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
