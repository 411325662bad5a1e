"""The demo account on loopback, and settings that reach it and a scratch folder only."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sigma_dbt_sync.demo import account
from sigma_dbt_sync.demo.serve import Server, running
from sigma_dbt_sync.settings import Settings, load_settings

_NIGHTLY = "tonight"


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


@contextmanager
def demo(*, latency: float = 0.0, more_runs: int = 0) -> Generator[tuple[Server, Settings]]:
    """Serve the demo account while the block runs, with more runs like its newest nightly one."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        story = account.load_account(folder / "anchor", now())
        for hour in range(1, more_runs + 1):
            story.add_run(_NIGHTLY, created_at=story.anchor - timedelta(hours=hour))
        with running(story, latency=latency) as server:
            yield (
                server,
                load_settings(
                    _env_file=None,
                    dbt_cloud_api_host=server.url,
                    dbt_cloud_service_token=account.TOKEN,
                    dbt_cloud_account_id=account.ACCOUNT_ID,
                    warehouse="duckdb",
                    duckdb_path=folder / "warehouse.duckdb",
                    archive_url=str(folder / "archive"),
                ),
            )
