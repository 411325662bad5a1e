"""After a migration Sigma has to look at our own tables and views again: it shows old columns.

The load that migrates writes one request per table into sigma_table_syncs, state `waiting`; the
next delivery makes them. Nobody says which of several connections shows the metadata, so they are
made where SIGMA_CONNECTION names one for all projects. A first load and a rebuild ask for nothing:
Sigma has not seen the tables yet, or sees them as they were.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import json

from sigma_dbt_sync.normalize.keys import digest, to_json
from sigma_dbt_sync.sync.requests import BY_MIGRATION, ConnectionOf, Path, Relation, Request
from sigma_dbt_sync.sync.settlement import TRIED_LATER
from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.delivery import SIGMA_TABLE_SYNCS, TableSyncRow
from sigma_dbt_sync.warehouse.base import Change, Warehouse, named_in
from sigma_dbt_sync.warehouse.views import load_views

WAITING = "waiting"
_OPEN = frozenset({WAITING, TRIED_LATER, "requested"})
_NO_ENVIRONMENT = 0


def plan_own_requests(
    warehouse: Warehouse, done: Iterable[str], *, account_id: int, sync_id: str, now: datetime
) -> list[Change]:
    """Plan one request for each table and view that a migration touched; `done` is its report."""
    schema = warehouse.schema_for_sigma()
    if schema is None:
        return []
    paths = [(*schema, name.upper()) for name in sorted(named_in(done))]
    rows = [_waiting(account_id, path, sync_id, now) for path in paths]
    return [Change(SIGMA_TABLE_SYNCS, rows)] if rows else []


def own_requests(rows: Iterable[TableSyncRow], connection_of: ConnectionOf) -> Iterator[Request]:
    """Yield the requests that are still to be made, from all attempts whose cause is a migration.

    One whose attempt has begun is among them: whether somebody is at it, its lease tells.
    """
    connection = connection_of(None)
    newest: dict[str, TableSyncRow] = {}
    for row in sorted(rows, key=lambda row: row.attempt):
        newest[row.sync_request_id] = row
    for row in newest.values():
        if connection and row.state in _OPEN:
            yield _request(row, connection)


def _request(row: TableSyncRow, connection: str) -> Request:
    path = json.decode(row.path, type=Path)
    return Request(
        relation=Relation(
            account_id=row.account_id,
            environment_id=row.environment_id,
            project_id=row.project_id,
            node_key=row.node_key,
            unique_id=row.unique_id,
            relation_key=row.relation_key,
            path=path,
        ),
        connection=connection,
        cause=BY_MIGRATION,
        change_ids=(),
        columns=_columns(path[-1].lower()),
        known_as=row.sync_request_id,
    )


def _columns(name: str) -> dict[str, str]:
    """Say which descriptions the warehouse holds for a table or view of this version."""
    for view in load_views():
        if view.name == name:
            return {column.upper(): text for column, text in view.columns.items()}
    for table in ALL:
        if table.name == name:
            return {column.name.upper(): column.description for column in table.stored}
    return {}


def _waiting(account_id: int, path: Path, sync_id: str, now: datetime) -> TableSyncRow:
    return TableSyncRow(
        account_id=account_id,
        sync_request_id=digest([path, sync_id]),
        attempt=1,
        environment_id=_NO_ENVIRONMENT,
        project_id=None,
        node_key="",
        unique_id="",
        relation_key=".".join(path),
        connection_id=None,
        path=to_json(list(path)),
        cause=BY_MIGRATION,
        change_count=0,
        state=WAITING,
        claimed_by=sync_id,
        lease_until=now,
        requested_at=now,
    )
