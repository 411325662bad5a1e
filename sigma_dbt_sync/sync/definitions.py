"""Plans what a batch changes of an environment's current tables.

What is current follows from which manifests and catalog are the newest, and from where the nodes
stand; not from the order in which runs were loaded. Rows are made only of nodes that differ from
what they were before the batch, for nearly all of a new manifest is the same as the one before it.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import Struct, structs

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.run_entry import ArtifactKind
from sigma_dbt_sync.errors import ArchiveError
from sigma_dbt_sync.normalize.catalog_in_force import catalog_in_force
from sigma_dbt_sync.normalize.definitions import (
    TOLD_TABLES,
    current_rows,
    node_columns,
    source_code_rows,
)
from sigma_dbt_sync.normalize.difference import difference
from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.lineage import lineage_rows
from sigma_dbt_sync.normalize.project import Project, project_in_force
from sigma_dbt_sync.normalize.run_context import NEVER
from sigma_dbt_sync.normalize.run_facts import HAVE
from sigma_dbt_sync.normalize.versions import VARIANT_LIFETIME
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.graph import DBT_CODE, DBT_LINEAGE
from sigma_dbt_sync.tables.ledger import ArtifactRow
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.spec import Row
from sigma_dbt_sync.warehouse.base import Change

Status = Mapping[str, NodeStatusRow]
"""Where the nodes of an environment stand, by unique_id."""


class InForce:
    """The newest artifacts of a kind, one per variant, newest first, before and after a batch."""

    def __init__(
        self,
        kind: ArtifactKind,
        stored: Iterable[ArtifactRow],
        batch: Iterable[ArtifactRow] = (),
    ) -> None:
        """Choose from what the warehouse knows, and from that and what the batch brings."""
        known = [row for row in stored if row.artifact == kind]
        new = [
            row for row in batch if row.artifact == kind and row.state in HAVE and row.feeds_state
        ]
        self.before = _in_force(known)
        self.after = _in_force([*known, *new])
        # the order counts, too: what was never built is as the newest of all variants defines it
        self.is_changed = _contents(self.before) != _contents(self.after)


def _in_force(artifacts: Iterable[ArtifactRow]) -> list[ArtifactRow]:
    """Pick the newest artifact of every variant that still counts, newest first."""
    by_variant = {row.variant: row for row in sorted(artifacts, key=_age)}
    ordered = sorted(by_variant.values(), key=_age, reverse=True)
    oldest = _age(ordered[0])[0] - VARIANT_LIFETIME if ordered else NEVER
    return [row for row in ordered if _age(row)[0] >= oldest]


def _contents(artifacts: Iterable[ArtifactRow]) -> list[tuple[str, str | None]]:
    return [(row.variant, row.sha256) for row in artifacts]


def _age(row: ArtifactRow) -> tuple[datetime, int, int]:
    return row.run_started_at or NEVER, row.run_id, row.step_index


@dataclass(frozen=True, slots=True)
class Reader:
    """Puts an environment's project together from archived artifacts."""

    account_id: int
    environment_id: int
    archived: Archived

    def project(
        self, manifests: Iterable[ArtifactRow], catalogs: list[ArtifactRow], status: Status
    ) -> Project:
        """Read the project that these artifacts define."""
        project_ids = (row.project_id for row in status.values() if row.project_id is not None)
        project = project_in_force(
            [(row.variant, self.archived.manifest(row.sha256)) for row in manifests if row.sha256],
            built_by=lambda unique_id: ok_variant(status.get(unique_id)),
            account_id=self.account_id,
            project_id=next(project_ids, None),
            environment_id=self.environment_id,
            catalog={},
        )
        blobs = (self.archived.blob(row.sha256) for row in catalogs if row.sha256)
        tables = (read_catalog(blob).relations() for blob in blobs)
        return replace(project, catalog=catalog_in_force(project, tables))


def plan_definitions(
    reader: Reader,
    manifests: InForce,
    catalogs: InForce,
    before: Status | None,
    after: Status,
    present: Present,
) -> tuple[list[Change], set[str | None]]:
    """Plan what differs in the current tables; also name code that may have lost its last use.

    `before` is where nodes stood when the rows that are there were made. None: nobody knows how
    they were made, and all are made anew.
    """
    project = reader.project(manifests.after, catalogs.after, after)
    known = _known(reader, manifests, catalogs, before)
    found = difference(known, project) if known else None
    if before is None or known is None or found is None:
        unused = present.source_code(project.environment_id, *TOLD_TABLES)
        return list(_all_of(project, after)), unused
    only = found.unique_ids | retold(before, after).keys()
    unused: set[str | None] = {row.code_hash for row in source_code_rows(known, only)}
    if not only:
        return [], unused
    return list(_some_of(project, after, only, is_in_lineage=found.is_in_lineage)), unused


def _known(
    reader: Reader, manifests: InForce, catalogs: InForce, before: Status | None
) -> Project | None:
    """Read the project as the warehouse holds it; None when that cannot be told any more."""
    if before is None or not manifests.before:
        return None
    try:
        return reader.project(manifests.before, catalogs.before, before)
    except ArchiveError:  # forgotten: ARCHIVE_KEEP_DAYS spares what is in force, not what was
        return None


def _all_of(project: Project, status: Status) -> Iterator[Change]:
    yield Change(DBT_CODE, DBT_CODE.keyed(source_code_rows(project)))
    for table, rows in current_rows(project, status).items():
        yield Change(table, rows, _scope(project))


def _some_of(
    project: Project, status: Status, only: AbstractSet[str], *, is_in_lineage: bool
) -> Iterator[Change]:
    keys = [node_key(project.account_id, project.environment_id, uid) for uid in sorted(only)]
    yield Change(DBT_CODE, DBT_CODE.keyed(source_code_rows(project, only)))
    for table, rows in current_rows(project, status, only).items():
        if table is not DBT_LINEAGE:
            _, key_column = node_columns(table)
            yield Change(table, rows, {key_column: keys})
    if is_in_lineage:
        yield Change(DBT_LINEAGE, DBT_LINEAGE.keyed(lineage_rows(project)), _scope(project))


def _scope(project: Project) -> dict[str, list[object]]:
    return {"account_id": [project.account_id], "environment_id": [project.environment_id]}


def plan_retold(
    environment_id: int, before: Status, after: Status, present: Present
) -> Iterator[Change]:
    """Plan for a project that is the same: only what runs tell of some nodes has moved on."""
    moved = retold(before, after)
    for table in TOLD_TABLES:
        key, _ = node_columns(table)
        repeated = [name for name in Told.__struct_fields__ if name in table.row.__struct_fields__]
        changed: list[Row] = []
        for row in present.nodes(table, key, environment_id, list(moved)):
            status = moved[getattr(row, key)]
            news = {name: getattr(status, name) for name in repeated}
            changed.append(structs.replace(row, **news))
        if changed:
            yield Change(table, changed)


class Told(Struct, frozen=True):
    """What rows of current tables repeat from a node's status."""

    compiled_code_hash: str | None = None
    first_seen_at: datetime | None = None


def told(row: NodeStatusRow | None) -> Told:
    """Pick what rows of current tables repeat from a node's status."""
    return Told(row.compiled_code_hash, row.first_seen_at) if row else Told()


def retold(before: Status, after: Status) -> dict[str, NodeStatusRow]:
    """Pick the nodes of which runs tell something else than before."""
    return {uid: row for uid, row in after.items() if told(row) != told(before.get(uid))}


def ok_variant(row: NodeStatusRow | None) -> str | None:
    """Name the variant that last built a node."""
    return row.ok_variant if row else None
