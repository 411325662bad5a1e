"""Schedules: when a job runs by itself, and when a tick is better skipped."""

import dagster as dg

from sigma_dbt_sync.orchestration.jobs import dbt_metadata_sync
from sigma_dbt_sync.orchestration.left_behind import end_runs_without_code_server
from sigma_dbt_sync.orchestration.resources import SyncSettings

_ACTIVE = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def metadata_schedule(cron: str, timezone: str) -> dg.ScheduleDefinition:
    """Make the schedule of the main job, on from the first start."""

    @dg.schedule(
        name="dbt_metadata_schedule",
        job=dbt_metadata_sync,
        cron_schedule=cron,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Sync dbt Cloud's metadata (SYNC_CRON, SYNC_TIMEZONE).",
    )
    def dbt_metadata_schedule(
        context: dg.ScheduleEvaluationContext, sync_settings: SyncSettings
    ) -> dg.RunRequest | dg.SkipReason:
        """Ask for a sync, unless there is nobody to ask or the last one is not over."""
        if sync_settings.load().is_demo:
            return dg.SkipReason(
                "No dbt Cloud token is set. `sigma-dbt-sync configure` asks for it; "
                "DBT_CLOUD_SERVICE_TOKEN sets it."
            )
        end_runs_without_code_server(context, dbt_metadata_sync.name)
        active = context.instance.get_runs(
            dg.RunsFilter(job_name=dbt_metadata_sync.name, statuses=_ACTIVE), limit=1
        )
        if active:
            return dg.SkipReason(
                f"Run {active[0].run_id} of this job is {active[0].status.value.lower()}."
            )
        return dg.RunRequest()

    return dbt_metadata_schedule
