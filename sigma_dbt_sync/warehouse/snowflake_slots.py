"""Slots: columns of one shape that suits every table, so that one statement can carry many tables.

A slot holds one kind of value: the second text of any table lies in `t_1`. `place` tells which
table a row is of.
"""

from collections import Counter
from collections.abc import Iterable

from sigma_dbt_sync.tables.render import SNOWFLAKE
from sigma_dbt_sync.tables.spec import Column, Kind

PLACE = "place"

_PREFIXES = {
    Kind.INTEGER: "i",
    Kind.TEXT: "t",
    Kind.JSON: "t",  # travels as text
    Kind.INSTANT: "m",
    Kind.NUMBER: "n",
    Kind.FLAG: "f",
}
_TYPES = {
    prefix: SNOWFLAKE.types[kind] for kind, prefix in _PREFIXES.items() if kind is not Kind.JSON
}


def slots_of(columns: Iterable[Column]) -> dict[str, str]:
    """Name the slot of each column, by the column's name."""
    taken: Counter[str] = Counter()
    slots: dict[str, str] = {}
    for column in columns:
        prefix = _PREFIXES[column.kind]
        slots[column.name] = f"{prefix}_{taken[prefix]}"
        taken[prefix] += 1
    return slots


def all_slots(tables: Iterable[Iterable[str]]) -> list[str]:
    """List the slots that any of the tables needs, without repeats."""
    return list(dict.fromkeys(slot for slots in tables for slot in slots))


def type_of(slot: str) -> str:
    """Name the type of a slot's values in Snowflake."""
    return _TYPES[slot[0]]
