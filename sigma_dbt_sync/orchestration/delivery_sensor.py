"""The sensor that asks for deliveries: after a load that found changes, and until all are sent."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from sigma_dbt_sync.orchestration import clock
from sigma_dbt_sync.orchestration.delivery import sigma_sync
from sigma_dbt_sync.orchestration.left_behind import end_runs_without_code_server
from sigma_dbt_sync.orchestration.outstanding import Outstanding, read_outstanding
from sigma_dbt_sync.orchestration.resources import SyncSettings

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (0, 5, 15, 60))
"""Before the first attempt, the second, and so on; the last pause repeats."""

_LOOKED_AT = 10  # runs, more than there are pauses
_OVER = frozenset(
    {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
)


@dg.sensor(
    name="sigma_sync_sensor",
    job=sigma_sync,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Make Sigma sync tables as soon as a load finds changed descriptions in the "
    "warehouse, and again after 5, 15, 60 minutes, then hourly, while Sigma does not answer.",
)
def sigma_sync_sensor(
    context: dg.SensorEvaluationContext, sync_settings: SyncSettings
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a delivery when something waits and it is time for an attempt.

    Reads Dagster's own storage only. The run key names the run before and the attempt, so it is
    new for every attempt, and the same should a tick be evaluated twice.
    """
    if not sync_settings.load().sends_to_sigma:
        return dg.SkipReason("Sigma is not set up; changed descriptions are recorded meanwhile.")
    outstanding = read_outstanding(context.instance)
    now = clock.now()
    why = outstanding.why(now)
    if why is None:
        return dg.SkipReason("No table waits to be synced in Sigma.")
    end_runs_without_code_server(context, sigma_sync.name)
    records = context.instance.get_run_records(
        dg.RunsFilter(job_name=sigma_sync.name), limit=_LOOKED_AT
    )
    last = records[0] if records else None
    if last and last.dagster_run.status not in _OVER:
        return dg.SkipReason(f"Run {last.dagster_run.run_id} is still delivering.")
    attempts = _attempts(records, outstanding)
    if last and attempts:
        next_at = _ended_at(last) + PAUSES[min(attempts, len(PAUSES) - 1)]
        if now < next_at:
            return dg.SkipReason(f"{why}; attempt {attempts + 1} is at {next_at:%H:%M} UTC.")
    context.log.info("%s: attempt %d", why, attempts + 1)
    before = last.dagster_run.run_id if last else "none"
    return dg.RunRequest(
        run_key=f"attempt {attempts + 1} after {before}", tags={"sigma/attempt": str(attempts + 1)}
    )


def _attempts(records: Sequence[dg.RunRecord], outstanding: Outstanding) -> int:
    """Count the newest runs in a row that left something behind."""
    left = outstanding.left
    for attempts, record in enumerate(records):
        run = record.dagster_run
        is_newest_report = left is not None and left.run_id == run.run_id
        if is_newest_report and left is not None and left.tables == 0:
            return attempts
        if not is_newest_report and run.status is dg.DagsterRunStatus.SUCCESS:
            return attempts
    return len(records)


def _ended_at(record: dg.RunRecord) -> datetime:
    if record.end_time is None:
        return record.update_timestamp.replace(tzinfo=UTC)
    return datetime.fromtimestamp(record.end_time, UTC)
