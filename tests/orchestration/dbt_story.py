"""What happens in dbt Cloud between syncs, and what Dagster must know of it afterwards."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.company import PRODUCTION

EVERY = timedelta(minutes=15)
TURNS = (
    ("tests", "hourly"),
    ("parse_error", "hourly"),
    ("cancelled", "tonight"),
    (),
    ("cancelled_in_queue", "pull_request", "freshness"),
    ("descriptions",),
    ("freshness", "parse_error", "tests", "hourly"),
    ("tonight",),
)
"""dbt runs between one tick and the next. dagster-dbt's own sensor stops at one that materialized
nothing (tests only, failed early); here such runs stand between others at every turn."""

Log = Mapping[str, list[tuple[str, dict[str, Any]]]]


def play(account: Account, number: int) -> datetime:
    """Let what belongs before tick `number` (from 0) happen; give the time of the tick."""
    now = account.anchor + (number + 1) * EVERY
    for minute, like in enumerate(TURNS[number % len(TURNS)]):
        account.add_run(like, created_at=now - timedelta(minutes=12 - minute))
    return now


def log_of(instance: dg.DagsterInstance) -> Log:
    """Read all events of dbt's assets, oldest first, by kind: what of, and metadata."""
    kinds = {
        "builds": dg.DagsterEventType.ASSET_MATERIALIZATION,
        "checks": dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        "freshness": dg.DagsterEventType.ASSET_OBSERVATION,
    }
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for kind, event_type in kinds.items():
        records = instance.event_log_storage.get_event_records(
            dg.EventRecordsFilter(event_type), ascending=True
        )
        told = [_told(each.event_log_entry.dagster_event) for each in records]
        found[kind] = [(of, facts) for of, facts in told if "dbt_result" in facts]
    return found


def told_more_than_once(log: Log) -> list[tuple[str, str]]:
    """Name each asset or check, and the dbt run, that was told again."""
    results = Counter(
        (of, metadata["dbt_result"]) for events in log.values() for of, metadata in events
    )
    return [result for result, times in results.items() if times > 1]


def runs_told(log: Log) -> set[str]:
    """Name the dbt runs of which anything was told."""
    return {
        metadata["dbt_result"].partition("/")[0]
        for events in log.values()
        for _, metadata in events
    }


def builds(deployment, log: Log, since: datetime) -> tuple[dict[str, str], dict[str, str | None]]:
    """Give the run that built each node last, by the warehouse and by Dagster."""
    rows = deployment.query(
        "SELECT unique_id, ok_run_id FROM dbt_node_status "
        f"WHERE environment_id = {PRODUCTION.id} "
        "AND resource_type IN ('model', 'seed', 'snapshot') "
        f"AND ok_at >= '{since.isoformat()}' AND unique_id NOT LIKE '%.v_'"
    )
    last = {of.rstrip(":"): metadata["dbt_result"] for of, metadata in log["builds"]}
    return (
        {unique_id: str(run_id) for unique_id, run_id in rows},
        {unique_id: last.get(unique_id.split(".")[-1]) for unique_id, _ in rows},
    )


def verdicts(
    deployment, log: Log, since: datetime
) -> tuple[dict[str, bool], dict[str, bool | None]]:
    """Tell whether each test passed last, by the warehouse and by Dagster."""
    rows = deployment.query(
        "SELECT split_part(status.unique_id, '.', 3), status.attempt_status_group = 'ok' "
        "FROM dbt_node_status AS status JOIN dbt_tests AS tests "
        "ON tests.test_unique_id = status.unique_id "
        "AND tests.environment_id = status.environment_id "
        f"WHERE status.environment_id = {PRODUCTION.id} AND kind <> 'unit' "
        f"AND attempt_status_group IS NOT NULL AND attempted_at >= '{since.isoformat()}'"
    )
    last = {of.split(":")[1]: metadata["passed"] for of, metadata in log["checks"]}
    return dict(rows), {name: last.get(name) for name, _ in rows}


def _told(event: dg.DagsterEvent) -> tuple[str, dict[str, Any]]:
    data: Any = event.event_specific_data
    told = getattr(data, "materialization", None) or getattr(data, "asset_observation", data)
    of = f"{told.asset_key.path[-1]}:{getattr(told, 'check_name', '')}"
    facts = {each: entry.value for each, entry in told.metadata.items()}
    return of, {**facts, "passed": getattr(told, "passed", None)}
