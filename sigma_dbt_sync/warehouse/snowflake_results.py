"""What Snowflake answers, in the types both warehouses answer in.

Snowflake sends an integer in as few bytes as it needs, or as a decimal, and JSON in an order and
spacing of its own.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import json

from sigma_dbt_sync.normalize.keys import to_json

_JSON = {b"VARIANT", b"OBJECT", b"ARRAY"}
_INSTANT = pa.timestamp("us", tz="UTC")


def as_told(found: Any) -> pa.Table:
    """Name columns in lower case; integers in 64 bits, other numbers as floats, times in UTC."""
    columns = [
        _column(found.column(place), found.schema.field(place))
        for place in range(found.num_columns)
    ]
    return pa.Table.from_arrays(columns, names=[name.lower() for name in found.column_names])


def _column(values: Any, field: Any) -> Any:
    kind = field.type
    if pa.types.is_integer(kind):
        return values.cast(pa.int64())
    if pa.types.is_decimal(kind):
        return values.cast(pa.float64() if kind.scale else pa.int64())
    if pa.types.is_timestamp(kind):
        return values.cast(_INSTANT)
    about: dict[bytes, bytes] = field.metadata or {}
    if about.get(b"logicalType") in _JSON:
        return pa.array(list(map(_canonical, values.to_pylist())), pa.string())
    return values


def _canonical(text: str | None) -> str | None:
    """Write JSON as the row classes do: a row read back has the hash it was written with."""
    if text is None:
        return None
    try:
        return to_json(_decode(text))
    except msgspec.DecodeError:
        return text


_decode: Callable[[str], Any] = json.Decoder().decode
