"""Applies a batch to a DuckDB file, inside the transaction of the caller."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from sigma_dbt_sync.errors import BatchOutdated, WarehouseError
from sigma_dbt_sync.tables import render
from sigma_dbt_sync.tables.arrow import TYPES, key_columns, row_hashes, to_arrow
from sigma_dbt_sync.tables.spec import Table
from sigma_dbt_sync.warehouse import sync_lock
from sigma_dbt_sync.warehouse.base import Batch, Change, Counts

_CODE = "dbt_code"


def apply_batch(
    con: duckdb.DuckDBPyConnection, batch: Batch, tables: Sequence[Table[Any]]
) -> dict[str, Counts]:
    """Apply every change; return what was done, by table.

    Raises:
        BatchOutdated: another batch was published since this one was planned.
        WarehouseError: a change was refused; the message names its table.
    """
    if con.execute(sync_lock.ADVANCE, [batch.planned_at]).fetchall() != [(1,)]:
        raise BatchOutdated(
            f"Batch {batch.planned_at + 1} has been published by another sync in the meantime."
        )
    counts: dict[str, Counts] = {}
    for change in batch.changes:
        name = change.table.name
        with _naming(name):
            done = _apply(con, change, batch.sync_id)
        counts[name] = counts.get(name, Counts()) + done
    if batch.orphaned_code:
        with _naming(_CODE):
            deleted = _delete_unused_code(con, batch.orphaned_code, tables)
        counts[_CODE] = counts.get(_CODE, Counts()) + Counts(deleted=deleted)
    return counts


def _apply(con: duckdb.DuckDBPyConnection, change: Change, sync_id: str) -> Counts:
    """Merge the rows that differ, then delete those in scope that are not among them.

    Most rows of most batches are there already. So their keys and hashes go in first, and only the
    rows that turn out to be new or different are made into Arrow.
    """
    table, rows = change.table, change.rows
    if double := change.doubled_key():
        raise WarehouseError(f"{table.name}: two rows for one key: {double}")
    hashes = row_hashes(table, rows)
    with _staged(con, "staged_keys", key_columns(table, rows, hashes)) as keys:
        found = con.sql(render.changed(table, keys)).to_arrow_table()
        positions: list[int] = found.column("position").to_pylist()
        updated = sum(found.column("is_there").to_pylist())
        if positions:
            arrow = to_arrow(
                table,
                [rows[position] for position in positions],
                [hashes[position] for position in positions],
                sync_id=sync_id,
            )
            with _staged(con, "staged_rows", arrow) as stage:
                con.execute(render.merge(table, stage, render.DUCKDB))
        deleted = _delete(con, table, change.replaces, keys) if change.replaces else 0
    return Counts(len(positions) - updated, updated, deleted)


def _delete(
    con: duckdb.DuckDBPyConnection,
    table: Table[Any],
    replaces: Mapping[str, Sequence[object]],
    keys: str,
) -> int:
    with ExitStack() as stack:
        scopes = {
            name: stack.enter_context(
                _staged(con, f"scope_{name}", _listed(values, TYPES[table.column(name).kind]))
            )
            for name, values in replaces.items()
        }
        return _count(con.execute(render.delete(table, keys, scopes)))


def _delete_unused_code(
    con: duckdb.DuckDBPyConnection, hashes: Sequence[str], tables: Sequence[Table[Any]]
) -> int:
    code = next(table for table in tables if table.name == _CODE)
    with _staged(con, "orphans", _listed(hashes, pa.string())) as stage:
        listed = f"SELECT value FROM {stage}"  # noqa: S608
        return _count(con.execute(render.delete_unused_code(code, tables, listed)))


def _listed(values: Sequence[object], kind: pa.DataType) -> pa.Table:
    return pa.table({"value": pa.array(list(values), kind)})


@contextmanager
def _staged(con: duckdb.DuckDBPyConnection, name: str, content: pa.Table) -> Generator[str]:
    """Let SQL read an Arrow table; a rollback forgets it by itself."""
    con.register(name, content)
    yield name
    con.unregister(name)


def _count(result: duckdb.DuckDBPyConnection) -> int:
    ((count,),) = result.fetchall()
    return count


@contextmanager
def _naming(table: str) -> Generator[None]:
    """Tell errors with the table's name."""
    try:
        yield
    except duckdb.TransactionException as error:
        raise BatchOutdated(f"{table}: another sync is writing the same rows: {error}") from error
    except (duckdb.Error, pa.ArrowException, OverflowError, UnicodeError) as error:
        raise WarehouseError(f"{table}: {error}") from error
