"""The use cases, as plain functions: what Dagster and the command line call.

`run_sync` is the main job in one call; `extracting` and `load` are its two halves, for callers that
show them apart.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.dbt_cloud import DbtCloudClient, open_client
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync.deliver import DeliveryReport
from sigma_dbt_sync.sync.delivery import deliver_after_sync, run_delivery, waiting
from sigma_dbt_sync.sync.extract import ExtractReport, extract
from sigma_dbt_sync.sync.graph_files import Refreshed, refresh_graph_files
from sigma_dbt_sync.sync.load import Clock, forget_load, load
from sigma_dbt_sync.sync.reports import LoadReport, Moments, Progress, silent
from sigma_dbt_sync.warehouse import open_warehouse

__all__ = [
    "Clock",
    "DeliveryReport",
    "ExtractReport",
    "LoadReport",
    "Moments",
    "Progress",
    "Refreshed",
    "SyncReport",
    "deliver_after_sync",
    "extract",
    "forget_load",
    "load",
    "new_sync_id",
    "open_archive",
    "refresh_graph_files",
    "run_delivery",
    "run_sync",
    "silent",
    "waiting",
]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did."""

    sync_id: str
    account_id: int
    extracted: ExtractReport
    loaded: LoadReport
    moments: Moments

    @property
    def is_nothing_new(self) -> bool:
        """Whether the warehouse was already up to date."""
        return not self.loaded.total.written

    @property
    def warnings(self) -> list[str]:
        """What a person should know, in order of appearance."""
        return [*self.extracted.warnings, *self.loaded.warnings]


def new_sync_id() -> str:
    """Name a sync; every row it writes carries the name."""
    return uuid4().hex


@contextmanager
def open_archive(settings: Settings) -> Generator[tuple[DbtCloudClient, Archive]]:
    """Connect to dbt Cloud and to the archive of the account that the token sees."""
    with open_client(settings) as client:
        yield client, Archive(settings.archive_url, client.account_id())


def run_sync(
    settings: Settings,
    *,
    clock: Clock,
    since: date | None = None,
    rebuild: bool = False,
    progress: Progress = silent,
) -> SyncReport:
    """Fetch what is new in dbt Cloud and load it into the warehouse.

    `since` looks again for runs created from that day on; what is known is not fetched twice.
    `rebuild` makes the warehouse again from the archive.

    Raises:
        ConfigurationError: a setting is missing or wrong.
        ServiceError: dbt Cloud refused, or did not answer after retries.
        WarehouseError: the warehouse refused; nothing of the batch in flight was kept.
    """
    started_at = clock()
    sync_id = new_sync_id()
    with open_archive(settings) as (client, archive):
        extracted = extract(client, archive, settings, now=clock(), since=since, progress=progress)
    with open_warehouse(settings, sync_id=sync_id) as warehouse:
        loaded = load(
            archive,
            warehouse,
            sync_id=sync_id,
            clock=clock,
            extracted=extracted,
            rebuild=rebuild,
            sigma_environment_ids=settings.sigma_environment_ids,
            progress=progress,
        )
        refresh_graph_files(archive, warehouse, settings)
        if loaded.connected:
            loaded.statements = warehouse.statements
    moments = Moments(started_at, clock())
    return SyncReport(sync_id, archive.account_id, extracted, loaded, moments)
