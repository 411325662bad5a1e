"""Sensors: notice, and say so or ask for a run. A sensor does no work itself."""

import dagster as dg


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Write one readable line per failed run into the daemon's log.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Log what failed and why, for people and for whatever watches the log."""
    run = context.dagster_run
    reasons = [reason for event in context.get_step_failure_events() if (reason := _reason(event))]
    context.log.error(
        "%s failed (run %s): %s",
        run.job_name,
        run.run_id,
        " / ".join(reasons) or context.failure_event.message,
    )


def _reason(event: dg.DagsterEvent) -> str | None:
    failure = event.step_failure_data
    told = failure.user_failure_data
    if told and told.description:
        return told.description
    return failure.error.message.strip() if failure.error else None
