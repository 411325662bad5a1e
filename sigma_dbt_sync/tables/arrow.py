"""Rows as Arrow tables, the form in which both warehouses take and give many rows at once.

Columns are built one by one from the rows, never row by row: a manifest has hundreds of thousands.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import xxhash

from sigma_dbt_sync.tables.spec import Column, Kind, Row, Table

R = TypeVar("R", bound=Row)

TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.JSON: pa.string(),
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def row_hashes(table: Table[Any], rows: Sequence[Row]) -> list[str]:
    """Hash the content of each row, the same on every machine."""
    names = [column.name for column in table.columns]
    content: Callable[[Row], Any] = attrgetter(*names)
    encode = msgspec.msgpack.Encoder().encode
    digest = xxhash.xxh3_128_hexdigest
    return list(map(digest, map(encode, map(content, rows))))


def key_columns(table: Table[Any], rows: Sequence[Row], hashes: Sequence[str]) -> pa.Table:
    """Keep of each row its key, its hash and its `position` among the rows."""
    arrays: dict[str, Any] = {name: _array(table.column(name), rows) for name in table.key}
    return pa.table(
        {
            **arrays,
            "row_hash": pa.array(hashes, pa.string()),
            "position": pa.array(range(len(rows))),
        }
    )


def to_arrow(
    table: Table[Any], rows: Sequence[Row], hashes: Sequence[str], *, sync_id: str
) -> pa.Table:
    """Lay rows out in columns, with their hashes and the sync's id at the end.

    `loaded_at` is left to the warehouse, whose clock is the one all syncs share.

    Raises:
        OverflowError: a number has more than 64 bits.
        pyarrow.ArrowException: a value is not of its column's type.
    """
    arrays: dict[str, Any] = {column.name: _array(column, rows) for column in table.columns}
    arrays["row_hash"] = pa.array(hashes, pa.string())
    arrays["sync_id"] = pa.array([sync_id] * len(rows), pa.string())
    return pa.table(arrays)


def rows_from(table: Table[R], found: pa.Table) -> list[R]:
    """Make rows of what a query returned; columns the row class does not have are ignored.

    Names are compared without case, because Snowflake answers in upper case. A column that was
    added to the table after a row had been written is None in that row, whatever the class says.
    """
    columns = {name.lower(): found.column(name) for name in found.column_names}
    known = [column for column in table.columns if column.name in columns]
    names = [column.name for column in known]
    values = [_values(column.kind, columns[column.name]) for column in known]
    return [table.row(**dict(zip(names, row, strict=True))) for row in zip(*values, strict=True)]


def _array(column: Column, rows: Sequence[Row]) -> Any:
    return pa.array(list(map(attrgetter(column.name), rows)), TYPES[column.kind])


def _values(kind: Kind, found: Any) -> list[Any]:
    """Read a column as Python values. Arrow's own datetimes are slow to make and not plain UTC."""
    values = found.cast(TYPES[kind])
    if kind is not Kind.INSTANT:
        return values.to_pylist()
    return [
        None if since is None else _EPOCH + timedelta(microseconds=since)
        for since in values.cast(pa.int64()).to_pylist()
    ]
