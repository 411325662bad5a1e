"""Forgets old runs, which Dagster keeps for ever: 35,000 a year when a sync runs every 15 minutes.

What happened is in the warehouse; a run of Dagster is only its log, 1.2 MB or more in SQLite. The
newest result of every asset and check stays known, whatever run it is from.
"""

from datetime import timedelta
from pathlib import Path

import dagster as dg

from sigma_dbt_sync.orchestration import clock
from sigma_dbt_sync.orchestration.dbt_news import NOTHING_NEW
from sigma_dbt_sync.orchestration.failures import told_to_dagster
from sigma_dbt_sync.orchestration.resources import SyncSettings

CODE_LOCATION = ".dagster/repository"
"""Tag that Dagster gives every run: which code location it is of."""

_ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
_AT_ONCE = 100

KEEP_IDLE = timedelta(days=2)
"""How long a sync that found nothing new is kept."""


@dg.op(description="Delete this code location's runs older than DAGSTER_KEEP_RUNS_DAYS.")
def delete_old_runs(context: dg.OpExecutionContext, sync_settings: SyncSettings) -> int:
    """Delete them with their events and logs; runs of other code locations are not looked at."""
    with told_to_dagster(context.retry_number):
        keep = timedelta(days=sync_settings.load().dagster_keep_runs_days)
    location = context.run.tags.get(CODE_LOCATION)
    if location is None:
        context.log.warning("Nothing was deleted: outside a workspace no run is known as ours.")
        return 0
    ours = {CODE_LOCATION: location}
    deleted = _delete(context.instance, ours, keep)
    idle = _delete(context.instance, {**ours, NOTHING_NEW: "true"}, min(keep, KEEP_IDLE))
    context.log.info(
        "Deleted %s runs that were older than %s days, and %s that found nothing new.",
        deleted,
        keep.days,
        idle,
    )
    return deleted + idle


def _delete(instance: dg.DagsterInstance, tags: dict[str, str], keep: timedelta) -> int:
    old = dg.RunsFilter(statuses=_ENDED, tags=tags, created_before=clock.now() - keep)
    deleted = 0
    while runs := instance.get_runs(old, limit=_AT_ONCE):
        for run in runs:
            forget(instance, run.run_id)
        deleted += len(runs)
    return deleted


def forget(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, its events, its logs, and the file that SQLite has for each run."""
    from dagster._core.storage.event_log import (  # noqa: PLC0415 - definitions load without it, 0.3 s sooner
        SqliteEventLogStorage,
    )

    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        shard = Path(storage.path_for_shard(run_id))
        for path in shard.parent.glob(f"{shard.name}*"):
            path.unlink(missing_ok=True)


@dg.job(
    name="dagster_run_retention",
    description="Delete old runs of this code location from Dagster, with their logs.",
    executor_def=dg.in_process_executor,
)
def dagster_run_retention() -> None:
    """Delete old runs."""
    delete_old_runs()


dagster_run_retention_schedule = dg.ScheduleDefinition(
    name="dagster_run_retention_schedule",
    job=dagster_run_retention,
    cron_schedule="20 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Once a day, delete runs older than DAGSTER_KEEP_RUNS_DAYS.",
)
