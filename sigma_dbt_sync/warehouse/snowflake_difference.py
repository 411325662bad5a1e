"""Finds out what of a batch Snowflake does not have yet, in one question about all its tables.

Every statement costs time on a running warehouse, and most rows of most batches are there already.
So keys and hashes of what is there are fetched once, in one UNION, and compared here. What others
publish meanwhile does no harm: the batch is planned at a generation, and refused at any other.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from sigma_dbt_sync.errors import WarehouseError
from sigma_dbt_sync.tables.arrow import row_hashes
from sigma_dbt_sync.tables.spec import Kind, Row, Table
from sigma_dbt_sync.warehouse import sync_lock
from sigma_dbt_sync.warehouse.base import Change
from sigma_dbt_sync.warehouse.snowflake_slots import PLACE, all_slots, slots_of, type_of

_LISTED = 1000  # values named one by one; a range or the other columns have to do beyond
_LOCK = -1  # the place of sync_lock among the tables asked about
_GENERATION = {"generation": "i_0"}

Key = tuple[Any, ...]


@dataclass(slots=True)
class Difference:
    """What has to be written to one table so that it holds what a batch says."""

    table: Table[Any]
    rows: list[Row] = field(default_factory=list[Row])
    hashes: list[str] = field(default_factory=list[str])
    gone: list[Key] = field(default_factory=list[Key])

    def __bool__(self) -> bool:
        """Whether anything has to be written."""
        return bool(self.rows or self.gone)


@dataclass(frozen=True, slots=True)
class Asked:
    """One table of the question: its changes, and the columns to fetch, keys first."""

    table: Table[Any]
    changes: list[Change]
    columns: list[str]

    def difference(self, known: Sequence[Key]) -> Difference:
        """Apply the changes one after another to what is known: columns of `self`, then hash."""
        width = len(self.table.key)
        hashes = {row[:width]: row[-1] for row in known}
        scoped = {row[:width]: dict(zip(self.columns, row, strict=False)) for row in known}
        wanted: dict[Key, tuple[Row, str] | None] = {}
        key_of = _key_of(self.table)
        for change in self.changes:
            rows = {key_of(row): row for row in change.rows}
            if change.replaces:
                within = {name: set(values) for name, values in change.replaces.items()}
                wanted |= dict.fromkeys(_outdated(scoped, rows, within))
            digests = row_hashes(self.table, change.rows)
            wanted |= dict(zip(rows, zip(rows.values(), digests, strict=True), strict=True))
            names = self.columns
            scoped |= {k: {name: getattr(row, name) for name in names} for k, row in rows.items()}
        found = Difference(self.table)
        for key, row in wanted.items():
            if row is None:
                found.gone += [key] if key in hashes else []
            elif hashes.get(key) != row[1]:
                found.rows.append(row[0])
                found.hashes.append(row[1])
        return found


def asked_of(changes: Iterable[Change]) -> list[Asked]:
    """Gather the changes of each table.

    Raises:
        WarehouseError: a change names a key twice.
    """
    by_table: defaultdict[Table[Any], list[Change]] = defaultdict(list)
    for change in changes:
        if double := change.doubled_key():
            raise WarehouseError(f"{change.table.name}: two rows for one key: {double}")
        by_table[change.table].append(change)
    return [
        Asked(table, listed, list(dict.fromkeys([*table.key, *_scopes(listed)])))
        for table, listed in by_table.items()
    ]


def question(asked: Sequence[Asked]) -> tuple[str, list[object]]:
    """Write the one SELECT, and its parameters.

    One more row than those asked for, in place -1, has the generation.
    """
    by_table = [_slots(of) for of in asked]
    slots = all_slots([_GENERATION.values(), *(one.values() for one in by_table)])
    lock = f"{_filled(slots, _GENERATION)}, '' AS row_hash FROM {sync_lock.NAME}"
    texts = [f"SELECT {_LOCK} AS {PLACE}, {lock}"]
    parameters: list[object] = []
    for place, (of, one) in enumerate(zip(asked, by_table, strict=True)):
        for change in of.changes:
            where, values = _condition(change)
            texts.append(
                f"SELECT {place}, {_filled(slots, one)}, row_hash "  # noqa: S608
                f"FROM {of.table.name} WHERE {where}"
            )
            parameters += values
    return "\nUNION ALL ".join(texts), parameters


def answers(asked: Sequence[Asked], found: Any) -> tuple[int, list[list[Key]]]:
    """Read the answer: the generation, and what is known of each table."""
    lock = found.filter(found.column(PLACE).to_numpy() == _LOCK)
    generation: int = lock.column(_GENERATION["generation"])[0].as_py()
    known: list[list[Key]] = []
    for place, of in enumerate(asked):
        rows = found.filter(found.column(PLACE).to_numpy() == place)
        columns = [rows.column(name).to_pylist() for name in (*_slots(of).values(), "row_hash")]
        known.append(list(zip(*columns, strict=True)))
    return generation, known


def _slots(of: Asked) -> dict[str, str]:
    return slots_of(of.table.column(name) for name in of.columns)


def _filled(slots: Iterable[str], columns: Mapping[str, str]) -> str:
    """List the value of every slot; NULL where the table has no column for it."""
    names = {slot: name for name, slot in columns.items()}
    return ", ".join(
        f"{names.get(slot) or f'CAST(NULL AS {type_of(slot)})'} AS {slot}" for slot in slots
    )


def _scopes(changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        yield from change.replaces


def _key_of(table: Table[Any]) -> Callable[[Row], Key]:
    if len(table.key) > 1:
        return attrgetter(*table.key)
    only = attrgetter(*table.key)  # of one name it makes no tuple
    return lambda row: (only(row),)


def _outdated(
    known: Mapping[Key, Mapping[str, Any]], rows: Mapping[Key, Row], within: Mapping[str, set[Any]]
) -> Iterator[Key]:
    for key, values in known.items():
        if key not in rows and all(values[name] in of for name, of in within.items()):
            yield key


def _condition(change: Change) -> tuple[str, list[object]]:
    """Narrow down where rows of this change may be; the rest is sorted out here.

    Where a change replaces something, rows outside its scope are not asked for: MERGE finds them.
    """
    values: Mapping[str, Sequence[object]] = change.replaces or {
        name: [getattr(row, name) for row in change.rows] for name in change.table.key
    }
    conditions: list[str] = []
    parameters: list[object] = []
    for name, listed in values.items():
        condition, bound = _among(name, change.table.column(name).kind, listed)
        conditions.append(condition)
        parameters += bound
    return " AND ".join(conditions), parameters


def _among(name: str, kind: Kind, values: Sequence[object]) -> tuple[str, list[object]]:
    distinct: list[Any] = list(dict.fromkeys(value for value in values if value is not None))
    options: list[str] = [f"{name} IS NULL"] if None in values else []
    bound: list[object] = []
    if 0 < len(distinct) <= _LISTED and kind is not Kind.INSTANT:
        options.append(f"{name} IN ({', '.join('?' for _ in distinct)})")
        bound = distinct
    elif distinct and kind is not Kind.TEXT:
        options.append(f"{name} BETWEEN ? AND ?")
        bound = [min(distinct), max(distinct)]
    elif distinct:
        options.append("TRUE")
    return f"({' OR '.join(options) or 'FALSE'})", bound
