"""The nodes whose descriptions a batch concerns, and what is known of their changes.

These are the nodes whose versions it changes, and those with an undecided change of which it brings
a build or a catalog. Their changes are derived anew from all their versions; nothing is read about
other nodes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from sigma_dbt_sync.docs_diff.advance import HELD
from sigma_dbt_sync.docs_diff.events import doc_changes, docs_in_force
from sigma_dbt_sync.docs_diff.persisted import Docs
from sigma_dbt_sync.normalize.run_facts import RunFacts
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.delivery import DBT_DOC_CHANGES, DocChangeRow
from sigma_dbt_sync.tables.ledger import ArtifactRow
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.spec import Table
from sigma_dbt_sync.tables.versions import (
    DBT_COLUMN_VERSIONS,
    DBT_NODE_VERSIONS,
    ColumnVersionRow,
    NodeVersionRow,
)
from sigma_dbt_sync.warehouse.base import Change

R = TypeVar("R", NodeVersionRow, ColumnVersionRow, DocChangeRow)


class EnvironmentNews(Struct, frozen=True, kw_only=True):
    """What a batch brings to one environment."""

    environment_id: int
    facts: Sequence[RunFacts]
    manifests_before: Sequence[datetime]
    """Starts of the runs whose manifests the warehouse holds already."""
    manifests: Sequence[datetime]
    """Starts of those runs of the batch that have one."""
    catalogs: Sequence[ArtifactRow]
    """The newest catalog of each variant, after the batch."""
    has_new_catalog: bool
    status_before: Mapping[str, NodeStatusRow]
    status: Mapping[str, NodeStatusRow]
    versions: Sequence[Change]
    """What the batch changes of the versions."""


class Work(Struct, frozen=True, kw_only=True):
    """The nodes concerned, by unique_id."""

    unique_ids: Sequence[str]
    derived: Mapping[str, Sequence[DocChangeRow]]
    stored: Mapping[str, Sequence[DocChangeRow]]
    docs: Mapping[str, Docs | None]
    """What the project says now; None when the node was removed."""
    is_history_new: bool
    """Whether the past of these nodes may look different now."""


def work_on(news: EnvironmentNews, present: Present, *, is_first: bool) -> Work:
    """Find the nodes concerned; with `is_first`, all of the environment."""
    is_replaced = any(change.replaces for change in news.versions)
    first = min([*news.manifests_before, *news.manifests])
    is_whole = is_first or is_replaced or first < min(news.manifests_before, default=first)
    unique_ids = None if is_whole else sorted(_concerned(news, present))

    def read(table: Table[R]) -> dict[str, list[R]]:
        new = [row for change in news.versions if change.table is table for row in change.rows]
        rows: list[R] = [row for row in new if isinstance(row, table.row)]
        if table is DBT_DOC_CHANGES or not is_replaced:
            rows = table.keyed([*_stored(table, news.environment_id, unique_ids, present), *rows])
        return _by_node(rows)

    nodes, columns = read(DBT_NODE_VERSIONS), read(DBT_COLUMN_VERSIONS)
    stored = read(DBT_DOC_CHANGES)
    derived = {
        unique_id: doc_changes(
            versions,
            columns.get(unique_id, ()),
            first_seen_at=_first_seen(news.status.get(unique_id)),
            first_manifest_at=first,
        )
        for unique_id, versions in nodes.items()
    }
    with_changes = sorted({*stored, *(unique_id for unique_id, rows in derived.items() if rows)})
    return Work(
        unique_ids=with_changes,
        derived=derived,
        stored=stored,
        docs={
            unique_id: docs_in_force(nodes.get(unique_id, ()), columns.get(unique_id, ()))
            for unique_id in with_changes
        },
        is_history_new=is_whole,
    )


def _concerned(news: EnvironmentNews, present: Present) -> set[str]:
    tables = (DBT_NODE_VERSIONS, DBT_COLUMN_VERSIONS)
    found = {
        row.unique_id
        for change in news.versions
        if change.table in tables
        for row in change.rows
        if isinstance(row, NodeVersionRow | ColumnVersionRow)
    }
    built: set[str] = set()
    for unique_id, row in news.status.items():
        before = news.status_before.get(unique_id)
        if before is row:
            continue
        if _first_seen(before) not in (None, row.first_seen_at):
            found.add(unique_id)
        if _newest_build(before) != _newest_build(row):
            built.add(unique_id)
    if news.has_new_catalog:
        found |= present.nodes_with_undecided_docs(news.environment_id)
    elif built:
        found |= present.nodes_with_undecided_docs(news.environment_id) & built
    return found | present.nodes_with_held_docs(news.environment_id, HELD)


def _stored(
    table: Table[R], environment_id: int, unique_ids: Sequence[str] | None, present: Present
) -> list[R]:
    if unique_ids is None:
        return present.of_environment(table, environment_id)
    return present.nodes(table, "unique_id", environment_id, unique_ids)


def _by_node(rows: Iterable[R]) -> dict[str, list[R]]:
    found: defaultdict[str, list[R]] = defaultdict(list)
    for row in rows:
        found[row.unique_id].append(row)
    return dict(found)


def _first_seen(row: NodeStatusRow | None) -> datetime | None:
    return row.first_seen_at if row else None


def _newest_build(row: NodeStatusRow | None) -> tuple[object, ...] | None:
    return (row.ok_at, row.ok_run_id, row.ok_variant) if row else None
