"""Rows survive the way through Arrow, and their hashes are the same everywhere."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pyarrow as pa
import pytest
from msgspec import Meta, structs

from sigma_dbt_sync.tables import arrow
from sigma_dbt_sync.tables.spec import Json, Row, table_of


class Everything(Row):
    """One row per id, with a column of each kind."""

    id: Annotated[int, Meta(description="Id.")]
    text: Annotated[str | None, Meta(description="Text.")] = None
    integer: Annotated[int | None, Meta(description="Integer.")] = None
    number: Annotated[float | None, Meta(description="Number.")] = None
    flag: Annotated[bool | None, Meta(description="Flag.")] = None
    instant: Annotated[datetime | None, Meta(description="Instant.")] = None
    json: Annotated[Json | None, Meta(description="JSON.")] = None


TABLE = table_of(Everything, name="everything", key=("id",))
ROW = Everything(
    id=2**53 + 1,
    text="Größe 📦",
    integer=-1,
    number=0.1,
    flag=False,
    instant=datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
    json=Json('{"a":[1,2]}'),
)

EDGES = {
    "id": [0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)],
    "text": [None, "", "a", "null", "Größe 📦", "\x00\n\t'\"\\", "\u2028\ufeff", "x" * 300_000],
    "integer": [None, 0, 2**53 + 1, 2**63 - 1, -(2**63)],
    "number": [None, 0.0, -0.0, 0.1, 1e308, 5e-324, float("inf"), float("-inf")],
    "flag": [None, True, False],
    "instant": [
        None,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
    "json": [None, "null", "{}", '{"a":[1,2.50,"\\u0000"]}'],
}


def table_from(*items: Everything) -> pa.Table:
    return arrow.to_arrow(TABLE, items, arrow.row_hashes(TABLE, items), sync_id="s1")


@pytest.mark.parametrize("name", EDGES)
def test_values_come_back_as_they_went_in(name):
    items = [structs.replace(ROW, **{name: value}) for value in EDGES[name]]

    back = arrow.rows_from(TABLE, table_from(*items))

    assert [repr(row) for row in back] == [repr(row) for row in items]
    assert arrow.row_hashes(TABLE, back) == arrow.row_hashes(TABLE, items)
    assert len(set(arrow.row_hashes(TABLE, items))) == len(items)


def test_a_row_may_be_empty_but_for_its_key():
    assert arrow.rows_from(TABLE, table_from(Everything(id=1))) == [Everything(id=1)]


def test_the_schema_does_not_depend_on_the_values():
    assert table_from().schema == table_from(ROW).schema == table_from(Everything(id=1)).schema


def test_hash_and_sync_follow_the_columns():
    found = table_from(ROW)

    assert found.column_names == [*Everything.__struct_fields__, "row_hash", "sync_id"]
    assert found.column("sync_id").to_pylist() == ["s1"]


def test_a_hash_never_changes_between_versions():
    """Were it to change, the next sync would write every row of every table again."""
    assert arrow.row_hashes(TABLE, [ROW]) == ["f7f68eceac68ecf58f80f0013b023db0"]


@pytest.mark.parametrize("name", [n for n in Everything.__struct_fields__ if n != "id"])
def test_every_column_counts_in_the_hash(name):
    without = structs.replace(ROW, **{name: None})

    assert arrow.row_hashes(TABLE, [ROW]) != arrow.row_hashes(TABLE, [without])


def test_the_time_zone_of_an_instant_does_not_count():
    same = structs.replace(ROW, instant=ROW.instant.astimezone(timezone(timedelta(hours=-7))))

    assert arrow.row_hashes(TABLE, [ROW]) == arrow.row_hashes(TABLE, [same])


def test_reading_takes_names_in_any_case_and_ignores_other_columns():
    found = table_from(ROW)
    shouted = found.rename_columns([name.upper() for name in found.column_names])

    assert arrow.rows_from(TABLE, shouted) == [ROW]


def test_reading_takes_the_types_of_another_warehouse():
    """Snowflake's integers come as decimals, its times in nanoseconds."""
    found = table_from(ROW)
    for name, kind in {
        "id": pa.decimal128(38, 0),
        "instant": pa.timestamp("ns", "America/New_York"),
    }.items():
        index = found.column_names.index(name)
        found = found.set_column(index, name, found.column(name).cast(kind))

    assert arrow.rows_from(TABLE, found) == [ROW]


def test_a_column_that_is_not_there_takes_its_default():
    found = table_from(ROW).drop_columns(["text"])

    assert arrow.rows_from(TABLE, found) == [structs.replace(ROW, text=None)]


def test_key_columns_say_where_the_row_was():
    found = arrow.key_columns(TABLE, [ROW, Everything(id=1)], ["x", "y"])

    assert found.to_pylist() == [
        {"id": ROW.id, "row_hash": "x", "position": 0},
        {"id": 1, "row_hash": "y", "position": 1},
    ]
