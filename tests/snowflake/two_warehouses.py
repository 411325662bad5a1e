"""The demo account, synced tick by tick into DuckDB and into a Snowflake: what both hold."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sync import SyncReport, run_sync
from sigma_dbt_sync.warehouse import open_warehouse
from tests.snowflake.account import Account as Snowflake
from tests.snowflake.hard_to_carry import RUN_ID, add_hard_run

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
NIGHTLY_JOB = 70403103931740
SAID_OTHERWISE = "Everybody who bought something."

_BY_THE_CLOCK = {
    "judged_at",
    "age_seconds",
    "seconds_since_green",
    "hours_since_green",
    "failing_seconds",
    "waiting_seconds",
    "seconds_since_synced",
    "minutes_old",
}
_OF_ONE_SYNC = {"load_id", "started_at", "finished_at", "last_sync_at"}


class TwoWarehouses:
    """The same syncs in both: reports by warehouse and tick, statements by tick."""

    def __init__(self, url: str, folder: Path, snowflake: Callable[..., Settings]) -> None:
        duckdb = demo_settings(url, folder / "a") | {"duckdb_path": folder / "test.duckdb"}
        self.duckdb = load_settings(_env_file=None, **duckdb)
        self.snowflake = snowflake(**demo_settings(url, folder / "b"))
        self.reports: dict[tuple[str, str], SyncReport] = {}
        self.logs: dict[str, list[dict[str, Any]]] = {}

    def sync(self, account: Account, wire: Snowflake | None = None) -> None:
        """Sync most runs, the rest, nothing, a run with another description, that run again."""
        self._tick("first", 0, wire, dbt_cloud_job_ids=(NIGHTLY_JOB,))
        add_hard_run(account, NOW)
        self._tick("second", 1, wire)
        self._tick("third", 2, wire)
        add_hard_run(account, NOW + 2 * QUARTER, run_id=RUN_ID + 1013, description=SAID_OTHERWISE)
        self._tick("fourth", 3, wire)
        add_hard_run(account, NOW + 3 * QUARTER, run_id=RUN_ID + 2013, description=SAID_OTHERWISE)
        self._tick("fifth", 4, wire)

    def _tick(self, name: str, number: int, wire: Snowflake | None, **others: Any) -> None:
        now = NOW + number * QUARTER
        for warehouse in ("duckdb", "snowflake"):
            settings = getattr(self, warehouse).model_copy(update=others)
            self.reports[warehouse, name] = run_sync(settings, clock=lambda: now)
        if wire:
            self.logs[name] = wire.log()


def demo_account() -> Account:
    """Make the demo's dbt Cloud account."""
    return Account(read_story(), anchor=NOW)


def demo_settings(url: str, folder: Path) -> dict[str, Any]:
    """Name the settings that reach the demo account and keep its archive in a folder."""
    return {
        "dbt_cloud_api_host": url,
        "dbt_cloud_service_token": TOKEN,
        "dbt_cloud_account_id": ACCOUNT_ID,
        "dbt_cloud_manifests": "every_run",
        "archive_url": str(folder / "archive"),
    }


def contents(settings: Settings, name: str, columns: list[str]) -> tuple[pa.Schema, list[Any]]:
    """Read a table or view, but for what another sync or another moment makes different."""
    chosen = [column for column in columns if column not in _BY_THE_CLOCK | _OF_ONE_SYNC]
    with open_warehouse(settings) as warehouse:
        found = warehouse.query(f"SELECT {', '.join(chosen)} FROM {name}")
    rows = [tuple(row.values()) for row in found.to_pylist()]
    return found.schema, sorted(rows, key=_as_text)


def _as_text(row: tuple[Any, ...]) -> list[str]:
    return [str(float(v)) if isinstance(v, int | Decimal) else repr(v) for v in row]
