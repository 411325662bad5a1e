"""Comments that dbt wrote into the file in which the metadata lies."""

import duckdb
import pytest

from sigma_dbt_sync.docs_diff.comments import TableComments
from sigma_dbt_sync.warehouse.duckdb import DuckDB


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "shop.duckdb"
    made = DuckDB(path)
    made.migrate()
    made.close()
    with duckdb.connect(path) as con:
        con.execute("CREATE SCHEMA analytics")
        con.execute('CREATE TABLE analytics.orders (id INTEGER, "Day" DATE)')
        con.execute("COMMENT ON TABLE analytics.orders IS 'Orders.'")
        con.execute("""COMMENT ON COLUMN analytics.orders."Day" IS 'Day, 5 $.'""")
        con.execute('CREATE VIEW analytics."Recent" AS SELECT 1 AS id')
        con.execute("""COMMENT ON COLUMN analytics."Recent".id IS 'Key.'""")
    yield made
    made.close()


def test_tables_and_views_tell_their_comments_in_any_case(warehouse):
    orders, recent = ("SHOP", "ANALYTICS", "ORDERS"), ("shop", "analytics", "Recent")
    assert warehouse.comments([orders, recent]) == {
        orders: TableComments("Orders.", {"id": None, "Day": "Day, 5 $."}),
        recent: TableComments(None, {"id": "Key."}),
    }


def test_nothing_is_said_of_what_is_not_there_or_in_another_database(warehouse):
    assert warehouse.comments([("shop", "analytics", "gone")]) == {}
    assert warehouse.comments([("prod", "analytics", "orders")]) == {}
    assert warehouse.comments([]) == {}
