"""The demo account, synced once for all tests that only read."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from sigma_dbt_sync import sync
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.views import made_up

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)
WAREHOUSE = "warehouse.duckdb"


def demo_account():
    return Account(read_story(), anchor=NOW)


def sync_demo(account, folder):
    """Sync the account into a warehouse in that folder."""
    with serve.running(account) as server:
        settings = load_settings(
            _env_file=None,
            dbt_cloud_api_host=server.url,
            dbt_cloud_service_token=TOKEN,
            dbt_cloud_account_id=ACCOUNT_ID,
            duckdb_path=folder / WAREHOUSE,
            archive_url=str(folder / "archive"),
        )
        sync.run_sync(settings, clock=lambda: NOW)


@pytest.fixture(scope="session")
def account():
    return demo_account()


@pytest.fixture(scope="session")
def warehouse(account, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    sync_demo(account, folder)
    with duckdb.connect(folder / WAREHOUSE, read_only=True) as con:
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


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory):
    """Make tables and views once for all tests."""
    path = tmp_path_factory.mktemp("empty") / "made_up.duckdb"
    warehouse = DuckDB(path)
    warehouse.migrate()
    warehouse.close()
    return path


@pytest.fixture
def ask(tmp_path, empty_warehouse):
    """Publish rows made by hand into a warehouse of their own, and read a view."""
    made_up.start_the_clock()
    warehouse = DuckDB(Path(shutil.copy(empty_warehouse, tmp_path)))

    def publish_and_read(view, *rows, where="true"):
        made_up.publish(warehouse, *rows)
        return warehouse.query(f"SELECT * FROM {view} WHERE {where}").to_pylist()

    yield publish_and_read
    warehouse.close()
