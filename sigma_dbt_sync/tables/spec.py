"""A table is one frozen class: its fields are the columns, in order.

The class is the only place where a column is written down. DDL and MERGE for both warehouses,
Arrow, comments in the warehouse, Dagster's column schema and docs/tables.md are all read from the
`Table` that `table_of` makes of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Meta, Struct

Json = NewType("Json", str)
"""Canonical JSON text; the warehouses hold it as JSON or VARIANT."""


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """Base of every row class; the class docstring says what one row is."""


class Kind(Enum):
    """What a column holds, in words both warehouses can be told."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "boolean"
    INSTANT = "timestamp"
    JSON = "json"


_KINDS: dict[Any, Kind] = {
    str: Kind.TEXT,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
    bool: Kind.FLAG,
    datetime: Kind.INSTANT,
    Json: Kind.JSON,
}

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Column:
    """One column, as every renderer sees it."""

    name: str
    kind: Kind
    nullable: bool
    description: str


LOADED_AT = "loaded_at"
BOOKKEEPING_COLUMNS = (
    Column("row_hash", Kind.TEXT, nullable=False, description="Changes when the row changes."),
    Column(LOADED_AT, Kind.INSTANT, nullable=False, description="When it was written, UTC."),
    Column("sync_id", Kind.TEXT, nullable=False, description="Sync that wrote it: load_id."),
)
BOOKKEEPING = tuple(column.name for column in BOOKKEEPING_COLUMNS)
"""Columns every table has and no row class writes: the publisher fills them in."""


@dataclass(frozen=True, slots=True, eq=False)
class Table(Generic[R]):
    """One warehouse table holding rows of type `R`.

    There is one object per table, so it is compared and hashed as itself, not column by column.
    """

    name: str
    row: type[R]
    key: tuple[str, ...]
    description: str
    columns: tuple[Column, ...]
    group: str

    @property
    def stored(self) -> tuple[Column, ...]:
        """All columns in the warehouse: the row's own and the bookkeeping ones."""
        return (*self.columns, *BOOKKEEPING_COLUMNS)

    def column(self, name: str) -> Column:
        """Find a column by name.

        Raises:
            KeyError: the table has no such column.
        """
        return {column.name: column for column in self.stored}[name]

    def keyed(self, rows: Iterable[R]) -> list[R]:
        """Drop all but the last row of each key: both warehouses refuse two rows for one key."""
        key = attrgetter(*self.key)
        return list({key(row): row for row in rows}.values())


def table_of(
    row: type[R],
    *,
    name: str,
    key: tuple[str, ...],
    group: str = "dbt_metadata",
) -> Table[R]:
    """Read a table's definition from its row class.

    Raises:
        TypeError: a field has no description, an unsupported type, or the key names no field or
            one that may be empty.
    """
    hints = get_type_hints(row, include_extras=True)
    columns = tuple(_column(field, hints[field]) for field in row.__struct_fields__)
    missing = set(key) - {column.name for column in columns}
    if missing:
        message = f"{name}: no such column: {sorted(missing)}"
        raise TypeError(message)
    loose = [column.name for column in columns if column.nullable and column.name in key]
    if loose:
        message = f"{name}: a key that may be empty finds no row: {loose}"
        raise TypeError(message)
    description = " ".join((row.__doc__ or "").split())
    return Table(name, row, key, description, columns, group)


def _column(name: str, hint: Any) -> Column:
    if get_origin(hint) is not Annotated:
        message = f"{name}: write Annotated[<type>, Meta(description=...)]"
        raise TypeError(message)
    base, *extras = get_args(hint)
    descriptions = [extra.description for extra in extras if isinstance(extra, Meta)]
    if not descriptions or not descriptions[-1]:
        message = f"{name}: Meta(description=...) is missing"
        raise TypeError(message)
    members: set[Any] = set(get_args(base)) if get_origin(base) in (UnionType, Union) else {base}
    nullable = NoneType in members
    (value_type,) = members - {NoneType}
    return Column(name, _KINDS[value_type], nullable, descriptions[-1])
