"""After a load: what Dagster is shown of dbt, and told of its runs."""

from typing import Any

import dagster as dg

from sigma_dbt_sync import sync
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.orchestration import clock
from sigma_dbt_sync.orchestration.code_location import reload_code_location
from sigma_dbt_sync.orchestration.dbt_events import TOLD, Told, tell_dbt_results
from sigma_dbt_sync.orchestration.event_log import report_metadata
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync import LoadReport
from sigma_dbt_sync.sync.loaded_runs import newest_loaded
from sigma_dbt_sync.warehouse import open_warehouse

RUN_IDS = "dbt/run_ids"
"""Run tag: which dbt runs a sync loaded, the newest twenty."""

NOTHING_NEW = "dbt/nothing_new"
"""Run tag: the sync loaded nothing and reported nothing. Most are such, and nobody misses them."""


def pass_on(
    context: dg.AssetExecutionContext, settings: Settings, loaded: LoadReport, account_id: int
) -> dict[str, Any]:
    """Leave the dbt project for definitions to show, report results; give metadata that says so.

    Raises:
        ArchiveError: the files beside the archive cannot be written or read.
        WarehouseError: the warehouse refused.
    """
    archive = Archive(settings.archive_url, account_id)
    with open_warehouse(settings, sync_id=context.run.run_id) as warehouse:
        refreshed = sync.refresh_graph_files(archive, warehouse, settings)
        runs = (
            newest_loaded(warehouse, account_id, context.run.run_id) if loaded.runs_loaded else []
        )
        if loaded.statements is not None and warehouse.statements is not None:
            loaded.statements += warehouse.statements
    for warning in refreshed.warnings:
        context.log.warning(warning)
    told = tell_dbt_results(context.instance, settings, context.run, now=clock.now())
    context.log.info(_told(told))
    if not (loaded.connected or told.builds or told.freshness or told.checks):
        context.instance.add_run_tags(context.run.run_id, {NOTHING_NEW: "true"})
    if refreshed.is_new:
        context.log.info("The dbt project has changed: %s.", refreshed.holds)
        reload_code_location(context, settings)
    return {
        **_linked(context, runs),
        "dbt_builds_reported": told.builds,
        "dbt_checks_reported": told.checks,
        **report_metadata(told, TOLD),
    }


def _linked(context: dg.AssetExecutionContext, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Tag this run with the dbt runs it loaded, and list them."""
    if not runs:
        return {}
    context.instance.add_run_tags(
        context.run.run_id, {RUN_IDS: ", ".join(str(run["run_id"]) for run in runs)}
    )
    records = [
        dg.TableRecord(
            {
                "run_id": str(run["run_id"]),
                "job": run["job"],
                "status": run["status"],
                "started_at": f"{run['started_at']:%Y-%m-%d %H:%M}" if run["started_at"] else "",
                "page": run["run_url"] or "",
            }
        )
        for run in runs
    ]
    return {"newest_runs_loaded": dg.MetadataValue.table(records)}


def _told(told: Told) -> str:
    left = f"; {told.left} are left for the next sync" if told.left else ""
    return (
        f"Reported {told.builds} builds, {told.freshness} source checks and {told.checks} "
        f"test results of dbt{left}."
    )
