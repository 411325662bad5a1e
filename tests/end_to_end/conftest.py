"""A deployment without Dagster: the demo dbt Cloud over HTTP, an archive, a DuckDB file."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sync import SyncReport, run_sync

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)


class Deployment:
    """What a test may look at, break and sync."""

    def __init__(self, folder, server, account):
        self.folder = folder
        self.server = server
        self.account = account
        self.now = NOW

    def settings(self, **others) -> Settings:
        """Point at this deployment's services; `others` are settings by field name."""
        chosen = {
            "dbt_cloud_api_host": self.server.url,
            "dbt_cloud_service_token": TOKEN,
            "dbt_cloud_account_id": ACCOUNT_ID,
            "duckdb_path": self.folder / "warehouse.duckdb",
            "archive_url": str(self.folder / "archive"),
            **others,
        }
        return load_settings(_env_file=None, **chosen)

    def sync(self, *, rebuild=False, **settings) -> SyncReport:
        """Sync once."""
        return run_sync(self.settings(**settings), clock=lambda: self.now, rebuild=rebuild)

    def later(self, **duration) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)

    def query(self, sql, *parameters, path=None):
        """Ask the warehouse something."""
        with duckdb.connect(path or self.folder / "warehouse.duckdb", read_only=True) as con:
            con.execute("SET schema = 'dbt_metadata'")
            con.execute("SET TimeZone = 'UTC'")
            return con.execute(sql, list(parameters)).fetchall()

    def contents(self, path=None):
        """All rows of all tables, without what differs from one load to the next."""
        return {
            table.name: sorted(
                self.query(
                    f"SELECT {', '.join(c.name for c in table.columns)} FROM {table.name}",
                    path=path,
                ),
                key=repr,
            )
            for table in tables.ALL
            if table.name != "sync_loads"
        }


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def deployment(tmp_path):
    account = Account(read_story(), anchor=NOW)
    with serve.running(account) as server:
        yield Deployment(tmp_path, server, account)


@pytest.fixture(scope="session")
def synced(tmp_path_factory):
    """A deployment synced once, for tests that only read its archive and tables."""
    account = Account(read_story(), anchor=NOW)
    with serve.running(account) as server:
        deployment = Deployment(tmp_path_factory.mktemp("synced"), server, account)
        deployment.sync()
        yield deployment
