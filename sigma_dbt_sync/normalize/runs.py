"""An archive entry to rows: the run, its steps, and how its job stands."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from sigma_dbt_sync.artifacts.dbt_command import parse_step
from sigma_dbt_sync.artifacts.run_entry import RunEntry, Step
from sigma_dbt_sync.normalize.messages import for_people
from sigma_dbt_sync.normalize.run_context import NEVER, STATUS, feeds_state
from sigma_dbt_sync.tables.account import JobStatusRow
from sigma_dbt_sync.tables.results import NodeExecutionRow, SourceFreshnessRow
from sigma_dbt_sync.tables.runs import InvocationRow, RunRow, RunStepRow

FINISHED = frozenset({"success", "error", "cancelled"})
RUNS_COUNTED = 30


def run_row(
    entry: RunEntry,
    entry_sha256: str,
    invocations: Sequence[InvocationRow],
    executions: Iterable[NodeExecutionRow],
    freshness: Iterable[SourceFreshnessRow],
) -> RunRow:
    """Make the run's row; the counts and the first failure come from its results.

    What a cancelled run left undone neither failed nor was skipped (Fusion calls it errors).
    """
    run = entry.run
    counted = () if STATUS.get(run.status) == "cancelled" else invocations
    return RunRow(
        account_id=run.account_id,
        run_id=run.id,
        job_id=run.job_id,
        project_id=run.project_id,
        environment_id=run.environment_id,
        status=STATUS.get(run.status, f"unknown ({run.status})"),
        status_message=run.status_message,
        trigger_cause=run.trigger_cause,
        trigger_category=run.trigger_category,
        git_branch=run.git_branch,
        git_sha=run.git_sha,
        pull_request_id=run.pull_request_id,
        schema_override=run.schema_override,
        variant=entry.variant,
        dbt_version=run.dbt_version,
        run_url=run.href,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        queued_seconds=_seconds(run.created_at, run.started_at),
        run_seconds=_seconds(run.started_at, run.finished_at),
        artifact_state=artifact_state(entry),
        feeds_state=feeds_state(run),
        bad_count=sum(row.bad_count for row in counted),
        warn_count=sum(row.warn_count for row in invocations),
        skipped_count=sum(row.skipped_count for row in counted),
        failure_detail=_failure_detail(entry, executions, freshness),
        archive_entry_sha256=entry_sha256,
    )


def artifact_state(entry: RunEntry) -> str:
    """Say whether all, some or none of what the run should have left was archived."""
    if not entry.is_final:
        return "pending"
    have = [artifact.state in ("found", "shared") for artifact in entry.artifacts]
    if not any(have):
        return "none"
    return "complete" if all(have) else "partial"


def step_rows(entry: RunEntry, invocations: Iterable[InvocationRow]) -> list[RunStepRow]:
    """Make a row per step."""
    by_step = {row.step_index: row.invocation_id for row in invocations}
    run = entry.run
    return [
        RunStepRow(
            account_id=run.account_id,
            run_id=run.id,
            step_index=step.index,
            job_id=run.job_id,
            project_id=run.project_id,
            environment_id=run.environment_id,
            name=step.name,
            dbt_command=parse_step(step.name).command,
            status=None if step.status is None else STATUS.get(step.status, "unknown"),
            started_at=step.started_at,
            finished_at=step.finished_at,
            run_seconds=_seconds(step.started_at, step.finished_at),
            invocation_id=by_step.get(step.index),
        )
        for step in entry.steps
    ]


def job_status_row(runs: Iterable[RunRow]) -> JobStatusRow | None:
    """Say how a job stands, from its stored runs; None when none has finished."""
    finished = sorted((run for run in runs if run.status in FINISHED), key=_order, reverse=True)
    if not finished or finished[0].job_id is None:
        return None
    newest = finished[0]
    good = [run.run_seconds for run in finished if run.status == "success"]
    counted = [seconds for seconds in good if seconds is not None][:RUNS_COUNTED]
    health, detail = _job_health(newest)
    return JobStatusRow(
        account_id=newest.account_id,
        job_id=finished[0].job_id,
        project_id=newest.project_id,
        environment_id=newest.environment_id,
        health=health,
        health_detail=detail,
        last_run_id=newest.run_id,
        last_status=newest.status,
        last_started_at=newest.started_at,
        last_finished_at=newest.finished_at,
        run_seconds_p50=median(counted) if counted else None,
        runs_counted=len(counted),
    )


def _job_health(run: RunRow) -> tuple[str, str]:
    if run.status == "error":
        why = run.failure_detail or run.status_message or "dbt Cloud gives no reason."
        return "failing", f"Run {run.run_id} failed: {why}"
    if run.status == "cancelled":
        return "warning", f"Run {run.run_id} was cancelled."
    if run.warn_count:
        results = "result" if run.warn_count == 1 else "results"
        return "warning", f"Run {run.run_id} succeeded, {run.warn_count} {results} warned."
    return "healthy", f"Run {run.run_id} succeeded."


def _failure_detail(
    entry: RunEntry,
    executions: Iterable[NodeExecutionRow],
    freshness: Iterable[SourceFreshnessRow],
) -> str | None:
    """Word the first bad result of a run as step, node and dbt's message.

    A stale source comes last: dbt Cloud's freshness check box does not fail the run.
    """
    if STATUS.get(entry.run.status) != "error":
        return None
    bad = [(row.completed_at, row) for row in executions if row.status_group == "bad"]
    stale = [(row.snapshotted_at, row) for row in freshness if row.status_group == "bad"]
    found = bad or stale
    first = min(found, key=lambda pair: (pair[0], pair[1].unique_id), default=None)
    if first is not None:
        row = first[1]
        step = next((step for step in entry.steps if step.index == row.step_index), None)
        where = f"step {row.step_index}" + (f" ({_command(step)})" if step else "")
        said = for_people(row.message)
        return f"{where}, {row.unique_id}: {row.status}" + (f": {said}" if said else ".")
    failed = next((step for step in entry.steps if STATUS.get(step.status or 0) == "error"), None)
    if failed is None:
        return for_people(entry.run.status_message)
    said = for_people(entry.run.status_message)
    return f"step {failed.index} ({_command(failed)})" + (f": {said}" if said else ".")


def _command(step: Step) -> str:
    command = parse_step(step.name).command
    return f"dbt {command}" if command else step.name


def _order(run: RunRow) -> tuple[datetime, int]:
    return run.started_at or run.created_at or NEVER, run.run_id


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()
