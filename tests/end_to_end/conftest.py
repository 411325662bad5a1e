"""A deployment without Dagster: the demo dbt Cloud over HTTP, an archive, a DuckDB file."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sync import SyncReport, run_sync
from sigma_dbt_sync.warehouse.duckdb import DuckDB

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
        with self._reading(path) as con:
            return con.execute(sql, list(parameters)).fetchall()

    @contextmanager
    def _reading(self, path):
        with duckdb.connect(path or self.folder / "warehouse.duckdb", read_only=True) as con:
            con.execute("SET schema = 'dbt_metadata'")
            con.execute("SET TimeZone = 'UTC'")
            yield con

    def contents(self, path=None, *, progress=True):
        """All rows of all tables, without what differs from one load to the next.

        Without `progress` also without how far descriptions have come: a second warehouse counts as
        a copy, and what it is loaded with at first is never sent.
        """
        left_out = {"sync_loads"} if progress else {"sync_loads", "dbt_doc_baselines"}
        with self._reading(path) as con:
            return {
                table.name: sorted(
                    con.execute(
                        f"SELECT {', '.join(_compared(table, progress))} FROM {table.name}"
                    ).fetchall(),
                    key=repr,
                )
                for table in tables.ALL
                if table.name not in left_out
            }

    def begin(self, path):
        """Make an empty warehouse that met its environments when this deployment's did."""
        warehouse = DuckDB(path)
        warehouse.migrate()
        warehouse.close()
        with duckdb.connect(path) as con:
            con.execute(f"ATTACH '{self.folder / 'warehouse.duckdb'}' AS model (READ_ONLY)")
            con.execute(
                "INSERT INTO dbt_metadata.dbt_doc_baselines "
                "SELECT * FROM model.dbt_metadata.dbt_doc_baselines"
            )


def _compared(table, progress):
    names = [column.name for column in table.columns]
    if table.name == "dbt_doc_changes" and not progress:
        return names[: names.index("state")]
    return names


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
