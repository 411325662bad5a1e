"""Sensors: notice, and say so or ask for a run. A sensor does no work itself."""

from collections.abc import Iterable

import dagster as dg

from sigma_dbt_sync.orchestration import alerts
from sigma_dbt_sync.orchestration.resources import SyncSettings

_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Write one readable line per failed run into the daemon's log, and tell people "
    "where ALERT_URLS says so: once, until the job has worked again or fails for another reason.",
)
def failed_runs(context: dg.RunFailureSensorContext, sync_settings: SyncSettings) -> None:
    """Say what failed and why, for people and for whatever watches the log."""
    run = context.dagster_run
    why = _reasons(context.get_step_failure_events()) or context.failure_event.message or ""
    context.log.error("%s failed (run %s): %s", run.job_name, run.run_id, why)
    settings = sync_settings.load()
    if settings.alert_urls is None or _failed_before(context.instance, run) == why:
        return
    where = (
        f"{settings.dagster_webserver_url.rstrip('/')}/runs/{run.run_id}"
        if settings.dagster_webserver_url
        else f"Run {run.run_id} in Dagster"
    )
    problems = alerts.send(
        settings.alert_urls.get_secret_value(),
        title=f"{run.job_name} failed",
        body=f"{why}\n{where}",
    )
    for problem in problems:
        context.log.warning(problem)


def _failed_before(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """Tell why the run of this job before this one failed; None when it did not."""
    filters = dg.RunsFilter(job_name=run.job_name, statuses=_ENDED)
    before = instance.get_runs(filters, cursor=run.run_id, limit=1)
    if not before or before[0].is_success:
        return None
    logged = instance.all_logs(before[0].run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return _reasons(entry.dagster_event for entry in logged if entry.dagster_event)


def _reasons(failures: Iterable[dg.DagsterEvent]) -> str:
    return " / ".join(reason for event in failures if (reason := _reason(event)))


def _reason(event: dg.DagsterEvent) -> str | None:
    failure = event.step_failure_data
    told = failure.user_failure_data
    if told and told.description:
        return told.description
    return failure.error.message.strip() if failure.error else None
