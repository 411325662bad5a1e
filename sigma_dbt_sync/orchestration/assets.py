"""The assets that a sync makes: the archive, the warehouse tables, and the views on them.

Nothing here names a table or view: one in `tables.ALL` or `sql/views` is an asset. One step brings
all of them up to date, because a batch of runs becomes visible everywhere or not at all.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from msgspec import Struct

from sigma_dbt_sync import sync
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.orchestration import checks, clock, reports
from sigma_dbt_sync.orchestration.backfill import FETCHING
from sigma_dbt_sync.orchestration.dbt_news import pass_on
from sigma_dbt_sync.orchestration.event_log import last_report, report_metadata, report_of_run
from sigma_dbt_sync.orchestration.failures import told_to_dagster
from sigma_dbt_sync.orchestration.freshness import late_after
from sigma_dbt_sync.orchestration.outstanding import CHANGES, Ready, read_outstanding
from sigma_dbt_sync.orchestration.previews import last_previews, preview_metadata
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.orchestration.specs import table_spec, view_specs
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync import ExtractReport, LoadReport
from sigma_dbt_sync.sync.audit import Audit, audit, newest_finish
from sigma_dbt_sync.sync.preview import previews
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.base import Warehouse
from sigma_dbt_sync.warehouse.views import load_views

POOL = "warehouse"
"""A DuckDB file takes one writing process; `dagster_home/dagster.yaml` says how many steps may."""


class Fetch(Struct, frozen=True):
    """What the loading step needs to know of the fetching step."""

    account_id: int
    report: ExtractReport


@dataclass(frozen=True, slots=True)
class Load:
    """What a load did and found."""

    report: LoadReport
    audit: Audit
    ready: Ready
    previews: dict[str, reports.Metadata]


def archive_asset(environments: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """Make the step that fetches; `environments` are the assets that show where runs come from."""

    @dg.asset(
        name=checks.ARCHIVE,
        deps=environments,
        group_name="dbt_cloud",
        kinds={"dbt"},
        pool=FETCHING,
        check_specs=checks.ARCHIVE_CHECKS,
        description=(
            "dbt Cloud's runs and their artifacts (manifest, run results, catalog, source "
            "freshness), kept as dbt Cloud sent them. Every table can be made again from it."
        ),
    )
    def dbt_cloud_archive(
        context: dg.AssetExecutionContext, sync_settings: SyncSettings
    ) -> dg.MaterializeResult:
        """Fetch what is new in dbt Cloud."""
        started_at = clock.now()
        with told_to_dagster(context.retry_number):
            settings = sync_settings.load()
            with sync.open_archive(settings) as (client, archive):
                report = sync.extract(client, archive, settings, now=started_at)
                newest = newest_finish(archive)
        moments = sync.Moments(started_at, clock.now())
        context.log.info(reports.fetched(report, moments))
        return dg.MaterializeResult(
            metadata=reports.archive_metadata(report, moments)
            | report_metadata(Fetch(archive.account_id, report)),
            check_results=list(checks.judge_archive(newest, report.warnings, now=started_at)),
        )

    return dbt_cloud_archive


def warehouse_assets(settings: Settings) -> dg.AssetsDefinition:
    """Make the step that fills every table, and with them what the views show."""
    views = load_views()
    late = late_after(settings.sync_cron, settings.sync_timezone)

    @dg.multi_asset(
        name="warehouse",
        specs=[
            *(
                table_spec(table, settings).replace_attributes(freshness_policy=late)
                for table in checks.LOADED
            ),
            *view_specs(views, settings),
        ],
        check_specs=checks.TABLE_CHECKS,
        pool=POOL,
        description="Load what the archive holds and the warehouse does not, in transactions.",
    )
    def load_warehouse(
        context: dg.AssetExecutionContext, sync_settings: SyncSettings
    ) -> Iterator[dg.MaterializeResult[Any]]:
        started_at = clock.now()
        with told_to_dagster(context.retry_number):
            settings = sync_settings.load()
            load = _load(context, settings)
            news = pass_on(context, settings, load.report, load.audit.account_id)
        moments = sync.Moments(started_at, clock.now())
        context.log.info(reports.loaded(load.report, moments))
        yield from _tables(load, moments, news)
        for view in views:
            yield dg.MaterializeResult(view.name, metadata=load.previews.get(view.name))

    return load_warehouse


def _archive(settings: Settings, fetch: Fetch | None) -> Archive:
    """Open the archive; which account it is of, only dbt Cloud can say when nothing was fetched."""
    if fetch:
        return Archive(settings.archive_url, fetch.account_id)
    with sync.open_archive(settings) as (_, archive):
        return archive


def _load(context: dg.AssetExecutionContext, settings: Settings) -> Load:
    """Load, and audit the warehouse if that connected to it; else what was found last still stands.

    Rows carry the id of the Dagster run as sync_id, so that a row leads to the run that wrote it.
    """
    sync_id = context.run.run_id
    fetch = report_of_run(context.instance, context.run, checks.ARCHIVE, Fetch)
    archive = _archive(settings, fetch)
    with open_warehouse(settings, sync_id=sync_id) as warehouse:
        loaded = sync.load(
            archive,
            warehouse,
            sync_id=sync_id,
            clock=clock.now,
            sigma_environment_ids=settings.sigma_environment_ids,
            extracted=fetch.report if fetch else None,
        )
        known = last_report(context.instance, "sync_loads", Audit)
        if known and known.is_of(archive, warehouse) and not loaded.connected:
            ready = read_outstanding(context.instance).carried(clock.now())
            return Load(loaded, known, ready, last_previews(context.instance))
        found = audit(
            archive, warehouse, sync_id=sync_id, now=clock.now(), warnings=loaded.warnings
        )
        ready = _ready(warehouse, settings)
        shown = preview_metadata(previews(warehouse, archive.account_id))
        loaded.statements = warehouse.statements
        return Load(loaded, found, ready, shown)


def _ready(warehouse: Warehouse, settings: Settings) -> Ready:
    """Count the tables that Sigma could be told of now."""
    now = clock.now()
    waiting = sync.waiting(warehouse, settings, clock=clock.now)
    return Ready(now, len(waiting.free) + len(waiting.held), waiting.due_at)


def _tables(
    load: Load, moments: sync.Moments, news: dict[str, Any]
) -> Iterator[dg.MaterializeResult[Any]]:
    verdicts: defaultdict[dg.AssetKey | None, list[dg.AssetCheckResult]] = defaultdict(list)
    for verdict in checks.judge_tables(load.audit):
        verdicts[verdict.asset_key].append(verdict)
    for table in checks.LOADED:
        metadata = reports.table_metadata(table.name, load.report, load.audit)
        metadata |= load.previews.get(table.name, {})
        if table.name == "sync_loads":
            metadata |= reports.load_metadata(load.report, load.audit, moments)
            metadata |= report_metadata(load.audit) | news
        if table.name == CHANGES:
            metadata |= {"ready": dg.MetadataValue.int(load.ready.tables)}
            metadata |= report_metadata(load.ready)
        key = dg.AssetKey(table.name)
        yield dg.MaterializeResult(key, metadata=metadata, check_results=verdicts[key])
