"""What every table keeps to."""

from typing import Annotated

import pytest
from msgspec import Meta

from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.spec import BOOKKEEPING, Row, table_of

each_table = pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)


@each_table
def test_the_table_and_every_column_say_what_they_mean(table):
    assert table.description.endswith(".")
    assert [c.name for c in table.columns if not c.description.endswith(".")] == []


@each_table
def test_texts_need_no_escape_that_the_warehouses_disagree_on(table):
    """Snowflake reads a backslash in a literal as an escape, DuckDB as itself."""
    assert "\\" not in "".join([table.description, *(c.description for c in table.stored)])


@each_table
def test_every_key_starts_with_the_account(table):
    assert table.key[0] == "account_id"


@each_table
def test_bookkeeping_belongs_to_the_publisher(table):
    assert not set(BOOKKEEPING) & {column.name for column in table.columns}
    assert [column.name for column in table.stored][-len(BOOKKEEPING) :] == list(BOOKKEEPING)


def test_no_two_tables_share_a_name():
    assert len({table.name for table in ALL}) == len(ALL)


def described(kind: object) -> object:
    return Annotated[kind, Meta(description="X.")]


@pytest.mark.parametrize(
    ("annotation", "options", "message"),
    [
        (int, {}, "write Annotated"),
        (Annotated[int, "X."], {}, r"Meta\(description=...\) is missing"),
        (Annotated[int, Meta(description="")], {}, "is missing"),
        (described(int), {"key": ("other",)}, "no such column"),
        (described(int | None), {}, "may be empty"),
    ],
)
def test_a_row_class_that_says_too_little_is_refused(annotation, options, message):
    row = type("Some", (Row,), {"__annotations__": {"a": annotation}, "__module__": __name__})

    with pytest.raises(TypeError, match=message):
        table_of(row, **{"name": "some", "key": ("a",)} | options)


def test_the_last_row_of_a_key_stays():
    class Pair(Row):
        """One row per a."""

        a: Annotated[int, Meta(description="A.")]
        b: Annotated[int, Meta(description="B.")]

    table = table_of(Pair, name="pairs", key=("a",))

    assert table.keyed([Pair(a=1, b=1), Pair(a=2, b=2), Pair(a=1, b=3)]) == [
        Pair(a=1, b=3),
        Pair(a=2, b=2),
    ]
