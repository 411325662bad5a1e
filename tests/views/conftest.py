"""The demo account, synced once for all tests that only read."""

from datetime import UTC, datetime

import duckdb
import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync import run_sync
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.views import made_up

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def account():
    return Account(read_story(), anchor=NOW)


@pytest.fixture(scope="session")
def warehouse(account, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with serve.running(account) as server:
        settings = load_settings(
            _env_file=None,
            dbt_cloud_api_host=server.url,
            dbt_cloud_service_token=TOKEN,
            dbt_cloud_account_id=ACCOUNT_ID,
            duckdb_path=folder / "warehouse.duckdb",
            archive_url=str(folder / "archive"),
        )
        run_sync(settings, clock=lambda: NOW)
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as con:
        con.execute("SET schema = 'dbt_metadata'")
        con.execute("SET TimeZone = 'UTC'")
        yield con


@pytest.fixture
def rows(warehouse):
    """Ask for rows as dictionaries."""

    def ask(sql, *parameters):
        found = warehouse.execute(sql, list(parameters))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return ask


@pytest.fixture
def ask(tmp_path):
    """Publish rows made by hand into a warehouse of their own, and read a view."""
    made_up.start_the_clock()
    warehouse = DuckDB(tmp_path / "made_up.duckdb")
    warehouse.migrate()

    def publish_and_read(view, *rows, where="true"):
        made_up.publish(warehouse, *rows)
        return warehouse.query(f"SELECT * FROM {view} WHERE {where}").to_pylist()

    yield publish_and_read
    warehouse.close()
