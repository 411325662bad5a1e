"""What the newest results say of nodes and checks, in the words an orchestrator reports.

Pure: results in, verdicts out. A verdict names the dbt run it is from (`result`), so that whoever
passes it on can tell whether that was done already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sigma_dbt_sync.sync.graph import BUILD, BUILT, FRESHNESS, Check
from sigma_dbt_sync.sync.graph_query import Run
from sigma_dbt_sync.tables.node_status import NodeStatusRow

NEWS_FOR = timedelta(hours=24)
"""Older results are history: tables hold it, and nobody wants last week's failures as news."""

_GOOD = ("ok", "warn")


@dataclass(frozen=True, slots=True)
class Build:
    """dbt built a node. Details are None when a later attempt failed."""

    result: str
    at: datetime
    run: Run
    seconds: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """dbt looked how old a source is."""

    result: str
    at: datetime
    run: Run
    status: str
    max_loaded_at: datetime | None
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check passed or not; `is_warning` tells a failure that stops nobody."""

    result: str
    at: datetime
    run: Run
    passed: bool
    status: str
    is_warning: bool = False
    failures: int | None = None
    message: str | None = None


def is_news(at: datetime, now: datetime) -> bool:
    """Whether a result is young enough to be reported."""
    return now - at <= NEWS_FOR


def build_of(row: NodeStatusRow, runs: Mapping[int, Run]) -> Build | None:
    """Tell a node's newest successful build; a run counts once, however often it built the node."""
    if row.resource_type not in BUILT or row.ok_run_id is None or row.ok_at is None:
        return None
    run = runs.get(row.ok_run_id, Run())
    if row.attempt_run_id == row.ok_run_id and row.attempt_status_group in _GOOD:
        return Build(
            str(row.ok_run_id), row.ok_at, run, row.attempt_seconds, row.attempt_rows_affected
        )
    return Build(str(row.ok_run_id), row.ok_at, run)


def freshness_of(row: NodeStatusRow, runs: Mapping[int, Run]) -> Freshness | None:
    """Tell a source's newest freshness result."""
    if row.freshness_at is None or row.freshness_run_id is None:
        return None
    return Freshness(
        result=_result(row.freshness_run_id, row.freshness_step_index),
        at=row.freshness_at,
        run=runs.get(row.freshness_run_id, Run()),
        status=row.freshness_status or "",
        max_loaded_at=row.max_loaded_at,
        age_seconds=row.freshness_age_seconds,
    )


def verdict_of(check: Check, row: NodeStatusRow, runs: Mapping[int, Run]) -> Verdict | None:
    """Judge a check by the newest result that is no skip; None when there is none."""
    if check.kind == FRESHNESS:
        return _freshness_verdict(row, runs)
    attempt = _attempt_verdict(row, runs)
    if check.kind == BUILD and (attempt is None or attempt.passed or attempt.is_warning):
        return _skip_verdict(row, runs) or attempt
    return attempt


def _attempt_verdict(row: NodeStatusRow, runs: Mapping[int, Run]) -> Verdict | None:
    group = row.attempt_status_group
    if row.attempted_at is None or row.attempt_run_id is None or group not in (*_GOOD, "bad"):
        return None
    return Verdict(
        result=_result(row.attempt_run_id, row.attempt_step_index),
        at=row.attempted_at,
        run=runs.get(row.attempt_run_id, Run()),
        passed=group == "ok",
        status=row.attempt_status or "",
        is_warning=group == "warn",
        failures=row.attempt_failures,
        message=None if group == "ok" else row.attempt_message,
    )


def _skip_verdict(row: NodeStatusRow, runs: Mapping[int, Run]) -> Verdict | None:
    """A node that was to be built and was not is no good news, though nothing of it failed."""
    is_skipped = row.latest_status_group == "skipped" and row.latest_run_id is not None
    if not is_skipped or row.latest_at is None or (row.ok_at and row.latest_at <= row.ok_at):
        return None
    because = f"{row.latest_root_cause} failed" if row.latest_root_cause else "dbt skipped it"
    return Verdict(
        result=_result(row.latest_run_id, row.latest_step_index),
        at=row.latest_at,
        run=runs.get(row.latest_run_id or 0, Run()),
        passed=False,
        status=row.latest_status or "skipped",
        is_warning=True,
        message=f"Not rebuilt: {because}.",
    )


def _freshness_verdict(row: NodeStatusRow, runs: Mapping[int, Run]) -> Verdict | None:
    seen = freshness_of(row, runs)
    group = row.freshness_status_group
    if seen is None or group not in (*_GOOD, "bad"):
        return None
    return Verdict(
        result=seen.result,
        at=seen.at,
        run=seen.run,
        passed=group == "ok",
        status=seen.status,
        is_warning=group == "warn",
        message=None if group == "ok" else row.freshness_message,
    )


def _result(run_id: int | None, step_index: int | None) -> str:
    return f"{run_id}/{step_index or 0}"
