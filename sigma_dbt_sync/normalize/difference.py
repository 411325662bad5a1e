"""What differs between two states of a project: of all other nodes, the rows are the same.

dbt writes its manifest anew with every command, and usually all but a few nodes are what they were.
Comparing decoded nodes costs a hundredth of making their rows.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

from msgspec import Struct

from sigma_dbt_sync.normalize.lineage import LEAVES, downstream_counts
from sigma_dbt_sync.normalize.project import Project, resource_type

T = TypeVar("T")


class Difference(Struct, frozen=True):
    """Where two states of a project differ."""

    unique_ids: AbstractSet[str]
    """Everything whose own rows may differ, what has come or gone included."""
    is_in_lineage: bool
    """Whether something reads something else than before."""


def difference(before: Project, after: Project) -> Difference | None:
    """Compare two states of an environment's project; None when every row may differ."""
    if _common(before) != _common(after):
        return None
    nodes = _differing(before.nodes, after.nodes)
    found = nodes | _differing(before.declared, after.declared)
    found |= _differing(before.catalog, after.catalog)
    inner = {uid for uid in nodes if resource_type(uid) not in LEAVES}
    is_in_lineage = any(_parents(before, uid) != _parents(after, uid) for uid in inner)
    if is_in_lineage:
        found |= _differing(downstream_counts(before), downstream_counts(after))
    moved = before.nodes.keys() ^ after.nodes.keys()
    if moved:  # edges lead to nodes of the project only
        found |= {uid for uid, node in after.nodes.items() if not moved.isdisjoint(node.parents)}
    return Difference(found, is_in_lineage)


def _common(project: Project) -> tuple[object, ...]:
    """What takes part in the rows of all nodes."""
    return project.project_id, project.adapter_type, project.owners


def _differing(before: Mapping[str, T], after: Mapping[str, T]) -> set[str]:
    changed = {uid for uid, one in after.items() if uid in before and before[uid] != one}
    return changed | (before.keys() ^ after.keys())


def _parents(project: Project, unique_id: str) -> list[str] | None:
    node = project.nodes.get(unique_id)
    return node.parents if node else None
