"""How a DuckDB file comes to have the tables and views of this version."""

from dataclasses import replace

import duckdb
import pytest

from sigma_dbt_sync.errors import SchemaMismatch, WarehouseError
from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.arrow import rows_from
from sigma_dbt_sync.tables.spec import Column, Kind
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from sigma_dbt_sync.warehouse.duckdb_schema import Schema
from sigma_dbt_sync.warehouse.views import View

COLOUR = Column("colour", Kind.TEXT, nullable=False, description="Colour of it.")


def migrate(path, *tables, views=()) -> list[str]:
    warehouse = DuckDB(path, tables=tables, views=views)
    try:
        return warehouse.migrate()
    finally:
        warehouse.close()


def test_the_first_migration_says_what_it_made(path, shop, orders):
    warehouse = DuckDB(path, tables=shop.tables, views=[orders])
    assert warehouse.is_absent()

    done = warehouse.migrate()

    assert not warehouse.is_absent()
    assert done == ["created table items", "created table dbt_code", "defined view orders"]
    warehouse.close()


def test_an_unchanged_version_touches_nothing(path, shop, orders, monkeypatch):
    migrate(path, *shop.tables, views=[orders])
    monkeypatch.delattr(Schema, "migrate")

    assert migrate(path, *shop.tables, views=[orders]) == []


def test_a_new_column_is_added_and_is_empty_in_old_rows(warehouse, path, shop, orders):
    shop.publish(warehouse, shop.item())
    warehouse.close()
    wider = replace(shop.items, columns=(*shop.items.columns, COLOUR))

    assert migrate(path, wider, shop.codes, views=[orders]) == [
        "added column items.colour",
        "defined view orders",
    ]

    found = warehouse.query("SELECT * FROM items")
    assert found.column("colour").to_pylist() == [None]
    assert rows_from(shop.items, found) == [shop.item()]


def test_a_new_table_and_a_changed_view_are_noticed(path, shop, orders):
    migrate(path, shop.items, views=[orders])
    other = replace(orders, sql="select order_id, 1.0 as total from items")

    assert migrate(path, *shop.tables, views=[other]) == [
        "created table dbt_code",
        "defined view orders",
    ]


def test_a_changed_type_is_refused_and_nothing_is_changed(warehouse, path, shop):
    warehouse.close()
    columns = [
        replace(column, kind=Kind.TEXT) if column.name == "price" else column
        for column in shop.items.columns
    ]
    other = replace(shop.items, columns=(COLOUR, *columns))
    new = replace(shop.codes, name="new_table")

    with pytest.raises(SchemaMismatch, match=r"items\.price is DOUBLE.*expects VARCHAR.*--rebuild"):
        migrate(path, new, other)

    assert "colour" not in warehouse.query("SELECT * FROM items").column_names
    with pytest.raises(WarehouseError, match="new_table"):
        warehouse.query("SELECT * FROM new_table")


@pytest.mark.parametrize("change", ["unknown", "key"])
def test_what_adding_a_column_cannot_mend_is_refused(warehouse, path, shop, change):
    warehouse.close()
    other = {
        "unknown": replace(shop.items, columns=shop.items.columns[:-1]),
        "key": replace(
            shop.items, columns=(*shop.items.columns, COLOUR), key=(*shop.items.key, "colour")
        ),
    }[change]

    with pytest.raises(SchemaMismatch, match=r"items\.(seen|colour)"):
        migrate(path, other, shop.codes)


def test_tables_views_and_columns_carry_their_descriptions(warehouse):
    tables = dict(
        warehouse.query("SELECT table_name, table_comment FROM information_schema.tables")
        .to_pandas()
        .itertuples(index=False)
    )
    columns = {
        (table, column): comment
        for table, column, comment in warehouse.query(
            "SELECT table_name, column_name, column_comment FROM information_schema.columns"
        )
        .to_pandas()
        .itertuples(index=False)
    }

    assert tables["items"] == "One row per item of an order."
    assert tables["orders"] == "What was sold, one row per order."
    assert columns["items", "order_id"] == "Order; it's big."
    assert columns["orders", "total"] == "How much; it's a sum."
    assert all(columns.values())


def test_a_view_that_cannot_be_made_is_named(path, shop):
    broken = View("broken", "x", "x", ("items",), {"a": "x"}, "select a from nowhere")

    with pytest.raises(WarehouseError, match=r"view broken cannot be made: .*nowhere"):
        migrate(path, shop.items, views=[broken])


def test_others_read_tables_and_views_by_their_full_name(warehouse, path, shop):
    shop.publish(warehouse, shop.item(price=2.0))
    warehouse.close()

    with duckdb.connect(path, read_only=True) as con:
        assert con.execute("SELECT total FROM dbt_metadata.orders").fetchall() == [(2.0,)]


def test_the_file_stays_readable_for_duckdb_1(warehouse, path, shop):
    shop.publish(warehouse, shop.item(extra="{}"))
    warehouse.close()

    with duckdb.connect(path, read_only=True) as con:
        (tags,) = con.execute(
            "SELECT tags FROM duckdb_databases() WHERE database_name = 'test'"
        ).fetchone()
    assert int(tags["storage_version"].split(".")[1]) <= 5, tags


def test_other_peoples_tables_survive_a_drop(warehouse, path, shop):
    warehouse.close()
    with duckdb.connect(path, config={"storage_compatibility_version": "v1.5.0"}) as con:
        con.execute("CREATE TABLE dbt_metadata.mine AS SELECT 1 AS a")

    warehouse.drop()
    warehouse.migrate()

    assert warehouse.query("SELECT a FROM mine").num_rows == 1


def test_dropping_what_is_not_there_makes_no_file(path):
    assert DuckDB(path).drop() == []
    assert not path.exists()


def test_all_tables_and_views_of_this_version_can_be_made(path):
    warehouse = DuckDB(path)

    done = warehouse.migrate()

    assert [line for line in done if "created" in line] == [f"created table {t.name}" for t in ALL]
    warehouse.close()
