"""A deployment of one's own: the demo dbt Cloud over HTTP, an archive, a DuckDB file, Dagster."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
import duckdb
import pytest
import stamina

from sigma_dbt_sync.demo import serve, sigma_story
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.orchestration import clock, failures
from sigma_dbt_sync.settings import Settings

HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"


class Deployment:
    """What a test may look at and break."""

    def __init__(self, folder, server, account, instance):
        self.folder = folder
        self.server = server
        self.account = account
        self.instance = instance
        self.duckdb_path = folder / "warehouse.duckdb"

    def sync(self, instance=None) -> dg.ExecuteInProcessResult:
        """Run the main job here and now, in this or another Dagster."""
        from sigma_dbt_sync.definitions import defs

        job = defs.resolve_job_def("dbt_metadata_sync")
        return job.execute_in_process(instance=instance or self.instance, raise_on_error=False)

    def query(self, sql: str) -> list[tuple]:
        """Ask the warehouse something."""
        with duckdb.connect(self.duckdb_path, read_only=True) as con:
            con.execute("SET schema = 'dbt_metadata'")
            return con.execute(sql).fetchall()

    @contextmanager
    def held(self):
        """Let another process have the DuckDB file."""
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, self.duckdb_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout.readline() == "held\n"

        def release():
            if holder.poll() is None:
                holder.communicate("\n", timeout=30)

        try:
            yield release
        finally:
            release()


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Start from an environment in which nothing is configured."""
    clear(monkeypatch, tmp_path)
    return monkeypatch


@pytest.fixture
def deployment(environment, tmp_path):
    """Give a test a deployment that it may change."""
    with deployed(tmp_path, environment) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def first_sync(tmp_path_factory):
    """Sync a deployment that tests only look at."""
    folder = tmp_path_factory.mktemp("first_sync")
    with pytest.MonkeyPatch.context() as patch:
        clear(patch, folder)
        with deployed(folder, patch) as fresh:
            yield fresh, fresh.sync()


def clear(patch, folder):
    """Leave nothing configured, and no `.env` in reach."""
    for name in Settings.model_fields:
        patch.delenv(name.upper(), raising=False)
    patch.chdir(folder)


@contextmanager
def deployed(folder, patch, *, anchor=None, dagster=None):
    """Configure the demo dbt Cloud, and an archive and a DuckDB file in `folder`.

    The demo's week ends at `anchor` (now); `dagster` opens an instance (one that is thrown away).
    """
    account = Account(read_story(), anchor=anchor or datetime.now(UTC))
    with serve.running(account) as server, dagster or dg.instance_for_test() as instance:
        patch.setenv("DBT_CLOUD_API_HOST", server.url)
        patch.setenv("DBT_CLOUD_SERVICE_TOKEN", TOKEN)
        patch.setenv("DBT_CLOUD_ACCOUNT_ID", str(ACCOUNT_ID))
        patch.setenv("DUCKDB_PATH", str(folder / "warehouse.duckdb"))
        patch.setenv("ARCHIVE_URL", str(folder / "archive"))
        yield Deployment(folder, server, account, instance)


@pytest.fixture
def impatient(monkeypatch):
    """Retry as often as usual, but without pauses; the clients below ask only once."""
    monkeypatch.setattr(failures, "RETRY_AFTER_SECONDS", (0.5, 0.5, 0.5))
    with stamina.set_testing(testing=True, attempts=1):
        yield


@pytest.fixture
def organization(deployment):
    """Give the account a Sigma that knows its warehouse as it was before descriptions changed."""
    made = sigma_story.organization(deployment.account, clock.now)
    made.seconds_between_tokens = 0.0
    return made


@pytest.fixture
def sigma_server(organization, environment):
    """Serve that Sigma, and configure it."""
    with serve.serving(sigma(organization)) as server:
        for name, value in sigma_story.sigma_settings(organization, server.url).items():
            environment.setenv(name, value)
        yield server
