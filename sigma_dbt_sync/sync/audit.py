"""Whether the warehouse holds what it should after a load.

An audit costs queries, so it is made only when a load has connected anyway, and kept with the
load's result: what has not changed since needs no second look.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from sigma_dbt_sync import tables
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables import Table
from sigma_dbt_sync.warehouse.base import Warehouse

_NEWEST_BY_ID = 20


class Contents(Struct, frozen=True):
    """How many rows a table has, and how many keys more than one of them."""

    rows: int
    repeated_keys: int


class Audit(Struct, frozen=True):
    """What was found in the warehouse, and what should have been there but was not."""

    target: str
    account_id: int
    audited_at: datetime
    contents: dict[str, Contents]
    runs_archived: int
    runs_lost: tuple[int, ...]
    runs_short_of_artifacts: tuple[int, ...]
    warnings: tuple[str, ...] = ()

    def is_of(self, archive: Archive, warehouse: Warehouse) -> bool:
        """Whether this is about these two."""
        return (self.target, self.account_id) == (warehouse.target, archive.account_id)


def audit(
    archive: Archive,
    warehouse: Warehouse,
    *,
    sync_id: str,
    now: datetime,
    warnings: Iterable[str] = (),
) -> Audit:
    """Compare the warehouse with the archive, and every table with its own key.

    Artifacts are compared for the runs that the sync `sync_id` loaded; all others were compared
    when they were loaded.
    """
    entries = archive.entries()
    loaded = Present(warehouse, archive.account_id).loaded_runs()
    recorded = _recorded_artifacts(warehouse, archive.account_id, sync_id)
    short = [
        run_id
        for run_id, count in recorded.items()
        if run_id in entries and count != len(archive.read_entry(entries[run_id]).artifacts)
    ]
    return Audit(
        target=warehouse.target,
        account_id=archive.account_id,
        audited_at=now,
        contents=_contents(warehouse, tables.ALL),
        runs_archived=len(entries),
        runs_lost=tuple(sorted(i for i, ref in entries.items() if loaded.get(i) != ref.sha256)),
        runs_short_of_artifacts=tuple(sorted(short)),
        warnings=tuple(warnings),
    )


def newest_finish(archive: Archive) -> datetime | None:
    """Tell when the newest finished run finished, among the runs created last."""
    entries = archive.entries()
    newest = sorted(entries, reverse=True)[:_NEWEST_BY_ID]
    finishes = (archive.read_entry(entries[run_id]).run.finished_at for run_id in newest)
    return max((finish for finish in finishes if finish), default=None)


def _contents(warehouse: Warehouse, of: Iterable[Table[Any]]) -> dict[str, Contents]:
    sql = " UNION ALL ".join(map(_contents_sql, of))
    return {
        name: Contents(int(rows), int(repeated)) for name, rows, repeated in _answer(warehouse, sql)
    }


def _contents_sql(table: Table[Any]) -> str:
    by_key = f"SELECT count(*) AS copies FROM {table.name} GROUP BY {', '.join(table.key)}"  # noqa: S608 - names of our own
    return (
        f"SELECT '{table.name}' AS table_name, coalesce(sum(copies), 0) AS row_count, "  # noqa: S608 - names of our own
        f"count(CASE WHEN copies > 1 THEN 1 END) AS repeated_keys FROM ({by_key}) AS keys"
    )


def _recorded_artifacts(warehouse: Warehouse, account_id: int, sync_id: str) -> dict[int, int]:
    sql = (
        "SELECT runs.run_id, count(artifacts.run_id) AS artifact_count "
        "FROM dbt_runs AS runs LEFT JOIN sync_artifacts AS artifacts "
        "ON artifacts.account_id = runs.account_id AND artifacts.run_id = runs.run_id "
        "WHERE runs.account_id = ? AND runs.sync_id = ? GROUP BY runs.run_id"
    )
    return dict(_answer(warehouse, sql, (account_id, sync_id)))


def _answer(
    warehouse: Warehouse, sql: str, parameters: Sequence[object] = ()
) -> Iterator[tuple[Any, ...]]:
    columns = warehouse.query(sql, parameters).columns
    return zip(*(column.to_pylist() for column in columns), strict=True)
