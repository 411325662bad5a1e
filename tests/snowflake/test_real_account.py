"""The demo account in a real Snowflake account, and in DuckDB: the same rows. Opt-in."""

from functools import partial

import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.warehouse.views import load_views
from tests.snowflake.two_warehouses import TwoWarehouses, contents, demo_account

pytestmark = [pytest.mark.snowflake, pytest.mark.slow, pytest.mark.timeout(1800)]


def test_every_table_and_view_has_the_same_rows_and_types(real_snowflake, own_schema, tmp_path):
    account = demo_account()
    with serve.running(account) as server:
        synced = TwoWarehouses(server.url, tmp_path, partial(real_snowflake, own_schema))
        synced.sync(account)

    for made in (*tables.ALL, *load_views()):
        columns = list(made.columns)
        names = [getattr(column, "name", column) for column in columns]
        expected_types, expected = contents(synced.duckdb, made.name, names)
        types, found = contents(synced.snowflake, made.name, names)
        assert found == expected, made.name
        assert types == expected_types, made.name
    assert synced.reports["snowflake", "third"].is_nothing_new
