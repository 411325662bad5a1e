"""A dbt Cloud on loopback, an archive in a folder, and a clock that the test moves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stamina

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.artifacts.run_entry import RunEntry
from sigma_dbt_sync.dbt_cloud import open_client
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync.extract import ExtractReport, extract

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)


@dataclass
class Stage:
    """Everything an extraction touches."""

    account: Account
    server: serve.Server
    folder: Path
    now: datetime = NOON
    asked: list[serve.Request] | None = None

    @property
    def archive(self) -> Archive:
        return Archive(str(self.folder), ACCOUNT_ID)

    def settings(self, **more) -> Settings:
        return Settings(
            _env_file=None,
            dbt_cloud_api_host=self.server.url,
            dbt_cloud_service_token=TOKEN,
            **{"dbt_cloud_account_id": ACCOUNT_ID, **more},
        )

    def tick(self, *, after: timedelta | float = 0, since=None, **settings) -> ExtractReport:
        """Extract once, some minutes later; `asked` holds the requests it made."""
        self.now += after if isinstance(after, timedelta) else timedelta(minutes=after)
        chosen = self.settings(**settings)
        start = len(self.server.requests)
        try:
            with open_client(chosen) as client:
                return extract(client, self.archive, chosen, now=self.now, since=since)
        finally:
            self.asked = self.server.requests[start:]

    def entry(self, run) -> RunEntry:
        archive = self.archive
        return archive.read_entry(archive.entries()[getattr(run, "id", run)])

    def states(self, run) -> dict[tuple[str, int], str]:
        return {(a.kind, a.step_index): a.state for a in self.entry(run).artifacts}

    def listed(self) -> list[serve.Request]:
        """Requests of the last tick to the list of runs."""
        return [request for request in self.asked or () if request.path.endswith("/runs/")]

    def downloads(self, run=None) -> list[serve.Request]:
        """Requests of the last tick for artifacts."""
        part = f"/runs/{run.id}/artifacts/" if run else "/artifacts/"
        return [request for request in self.asked or () if part in request.path]

    def add(self, like: str, minutes_ago: float = 30, **more):
        """Add a run that was created so long before the present tick."""
        created_at = self.now - timedelta(minutes=minutes_ago)
        return self.account.add_run(like, created_at=created_at, **more)


@pytest.fixture(autouse=True)
def retries_without_waiting():
    with stamina.set_testing(testing=True, attempts=2):
        yield


@pytest.fixture
def account():
    return Account(read_story(), anchor=NOON)


@pytest.fixture
def empty_account(account):
    account.runs.clear()
    return account


@pytest.fixture
def stage(account, tmp_path):
    with serve.running(account) as server:
        yield Stage(account, server, tmp_path / "archive")
