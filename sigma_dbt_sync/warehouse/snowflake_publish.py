"""Publishes a batch to Snowflake with as few statements as that takes.

One question tells what differs. A few rows travel inside their MERGE; many are staged in a
temporary table first, because staging is DDL, which would commit an open transaction. Then one
transaction: raise the generation, one MERGE a table (deletes included), COMMIT. docs/adr/0006.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from sigma_dbt_sync.errors import BatchOutdated, WarehouseError
from sigma_dbt_sync.tables import render
from sigma_dbt_sync.tables.arrow import TYPES, to_arrow
from sigma_dbt_sync.tables.spec import Table
from sigma_dbt_sync.warehouse import sync_lock
from sigma_dbt_sync.warehouse.base import Batch, Counts
from sigma_dbt_sync.warehouse.snowflake_difference import (
    Asked,
    Difference,
    Key,
    answers,
    asked_of,
    question,
)
from sigma_dbt_sync.warehouse.snowflake_session import Session
from sigma_dbt_sync.warehouse.snowflake_staging import stage, staged

_CODE = "dbt_code"
_FEW_VALUES = 2000
_FEW_BYTES = 1_000_000
_HASHES_PER_DELETE = 5000


@dataclass(frozen=True, slots=True)
class Merge:
    """One MERGE, ready to run."""

    table: str
    sql: str
    parameters: Sequence[object] = ()


def apply_batch(session: Session, batch: Batch, tables: Sequence[Table[Any]]) -> dict[str, Counts]:
    """Apply every change in one transaction; return what was done, by table.

    Where nothing differs there is no transaction.

    Raises:
        BatchOutdated: another batch was published since this one was planned.
        WarehouseError: a change was refused; the message names its table.
    """
    differences = _differences(session, batch)
    merges = _prepared(session, [one for one in differences if one], batch.sync_id)
    counts = {one.table.name: Counts() for one in differences}
    if not merges and not batch.orphaned_code:
        return counts
    with session.transaction():
        if session.counted(sync_lock.ADVANCE, [batch.planned_at])["updated"] != 1:
            raise BatchOutdated(_outdated(batch))
        for merge in merges:
            with _naming(merge.table):
                done = session.counted(merge.sql, merge.parameters)
            counts[merge.table] = Counts(**done)
        if batch.orphaned_code:
            with _naming(_CODE):
                deleted = _delete_unused_code(session, batch.orphaned_code, tables)
            counts[_CODE] = counts.get(_CODE, Counts()) + Counts(deleted=deleted)
    return counts


def _differences(session: Session, batch: Batch) -> list[Difference]:
    asked = asked_of(batch.changes)
    if not asked:
        return []
    sql, parameters = question(asked)
    generation, known = answers(asked, session.arrow(sql, parameters))
    if generation != batch.planned_at:
        raise BatchOutdated(_outdated(batch))
    return [_difference(of, rows) for of, rows in zip(asked, known, strict=True)]


def _difference(of: Asked, known: Sequence[Key]) -> Difference:
    with _naming(of.table.name):
        return of.difference(known)


def _outdated(batch: Batch) -> str:
    return f"Batch {batch.planned_at + 1} has been published by another sync in the meantime."


def _prepared(session: Session, differences: Sequence[Difference], sync_id: str) -> list[Merge]:
    """Write the MERGE of every table, staging the rows of all first when those of one are many."""
    contents: list[tuple[Table[Any], pa.Table]] = []
    for one in differences:
        with _naming(one.table.name):
            contents.append((one.table, _content(one, sync_id)))
    if all(map(_is_small, (content for _, content in contents))):
        sources = [_values(table, content) for table, content in contents]
    else:
        sources = [(source, ()) for source in stage(session, contents)]
    return [
        Merge(
            one.table.name,
            render.merge(one.table, source, render.SNOWFLAKE, deletes=bool(one.gone)),
            parameters,
        )
        for one, (source, parameters) in zip(differences, sources, strict=True)
    ]


def _is_small(content: pa.Table) -> bool:
    return content.num_rows * content.num_columns <= _FEW_VALUES and content.nbytes <= _FEW_BYTES


def _content(difference: Difference, sync_id: str) -> pa.Table:
    """Lay out the rows to write, and below them the keys of rows to delete."""
    table = difference.table
    written = to_arrow(table, difference.rows, difference.hashes, sync_id=sync_id)
    if not difference.gone:
        return written
    keys = dict(zip(table.key, zip(*difference.gone, strict=True), strict=True))
    gone: dict[str, Any] = {
        column.name: pa.array(
            keys.get(column.name, [None] * len(difference.gone)), TYPES[column.kind]
        )
        for column in staged(table)
    }
    return pa.concat_tables([written, pa.table(gone)])


def _values(table: Table[Any], content: pa.Table) -> tuple[str, list[str | None]]:
    """Write rows as VALUES, all of them texts: MERGE casts them, so no type is ever guessed."""
    names = [column.name for column in staged(table)]
    row = f"({', '.join('?' for _ in names)})"
    source = f"(VALUES {', '.join([row] * content.num_rows)}) AS v ({', '.join(names)})"
    columns = [content.column(name).to_pylist() for name in names]
    return source, [_as_text(value) for row in zip(*columns, strict=True) for value in row]


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def _delete_unused_code(
    session: Session, hashes: Sequence[str], tables: Sequence[Table[Any]]
) -> int:
    code = next(table for table in tables if table.name == _CODE)
    deleted = 0
    for start in range(0, len(hashes), _HASHES_PER_DELETE):
        part = hashes[start : start + _HASHES_PER_DELETE]
        marks = ", ".join("?" for _ in part)
        sql = render.delete_unused_code(code, tables, marks, narrow=False)
        deleted += session.counted(sql, part)["deleted"]
    return deleted


@contextmanager
def _naming(table: str) -> Generator[None]:
    """Tell errors with the table's name."""
    try:
        yield
    except WarehouseError as error:
        raise type(error)(f"{table}: {error}") from error
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise WarehouseError(f"{table}: {error}") from error
