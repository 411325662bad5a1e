"""A warehouse filled by hand, for what the demo's week is too short to tell.

Rows are made of their row classes and published as a sync does it; a test names only what it is
about. Times are given in hours before now, because some views compare with the clock; a
test begins its own now (`conftest.py`).
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from sigma_dbt_sync import tables
from sigma_dbt_sync.tables.spec import Kind
from sigma_dbt_sync.warehouse.base import Batch, Change

ACCOUNT, PROJECT, ENVIRONMENT, JOB = 7, 70, 700, 7000
ORDERS = "model.shop.orders"

_TABLES = {table.row: table for table in tables.ALL}
_NOTHING = {
    Kind.TEXT: "",
    Kind.INTEGER: 0,
    Kind.NUMBER: 0.0,
    Kind.FLAG: False,
    Kind.JSON: "{}",
}
_GROUPS = {"error": "bad", "fail": "bad", "warn": "warn", "skipped": "skipped"}


class _Clock:
    """Stands still during a test, so that its rows agree with each other."""

    now = datetime.now(UTC)


def start_the_clock() -> None:
    """Begin a test's own now: a long suite would else leave it behind."""
    _Clock.now = datetime.now(UTC)


def hours_ago(hours: float) -> datetime:
    return _Clock.now - timedelta(hours=hours)


def key(unique_id: str, environment: int = ENVIRONMENT) -> str:
    return f"{environment}/{unique_id}"


def _nothing(kind):
    return hours_ago(0) if kind is Kind.INSTANT else _NOTHING[kind]


def row(table, **fields):
    """Make a row of a table; what is not named is empty, or nothing of its kind."""
    ids = {
        "account_id": ACCOUNT,
        "project_id": PROJECT,
        "environment_id": ENVIRONMENT,
        "job_id": JOB,
    }
    made = {}
    for column in table.columns:
        default = None if column.nullable else _nothing(column.kind)
        made[column.name] = fields.pop(column.name, ids.get(column.name, default))
    assert not fields, f"{table.name} has no {sorted(fields)}"
    return table.row(**made)


def relation(unique_id: str = ORDERS, *, environment: int = ENVIRONMENT, **fields):
    """Make a model or source of that name."""
    kind, *_, name = unique_id.split(".")
    place = {"relation_key": f"shop.analytics.{name}", "relation_name": f"shop.analytics.{name}"}
    named = {"name": name, "identifier": name, "unique_id": unique_id}
    table = tables.DBT_SOURCES if kind == "source" else tables.DBT_MODELS
    ids = {"environment_id": environment, "node_key": key(unique_id, environment)}
    return row(table, **place | named | ids | fields)


def run(run_id: int, *, hours: float = 1, seconds: float = 60, status="success", **fields):
    """Make a run that started so many hours ago."""
    started_at = hours_ago(hours)
    times = {"started_at": started_at, "finished_at": started_at + timedelta(seconds=seconds)}
    made = {"run_id": run_id, "status": status, "run_seconds": seconds, "feeds_state": True}
    return row(tables.DBT_RUNS, **made | times | fields)


def executed(
    run_id: int,
    status: str = "success",
    *,
    hours: float = 1,
    unique_id: str = ORDERS,
    environment: int = ENVIRONMENT,
    **fields,
):
    """Make the result a node had in a run, known so many hours ago."""
    made = {
        "unique_id": unique_id,
        "node_key": key(unique_id, environment),
        "environment_id": environment,
        "resource_type": unique_id.split(".", maxsplit=1)[0],
        "invocation_id": f"inv-{run_id}",
        "run_id": run_id,
        "step_index": 4,
        "feeds_state": True,
        "status": status,
        "status_group": _GROUPS.get(status, "ok"),
        "completed_at": hours_ago(hours),
    }
    return row(tables.DBT_NODE_EXECUTIONS, **made | fields)


def status(unique_id: str = ORDERS, *, environment: int = ENVIRONMENT, **fields):
    """Make where a node stands."""
    made = {
        "unique_id": unique_id,
        "environment_id": environment,
        "node_key": key(unique_id, environment),
        "resource_type": unique_id.split(".", maxsplit=1)[0],
    }
    return row(tables.DBT_NODE_STATUS, **made | fields)


def data_test(
    name, group, *, ran=1.0, passed=None, failing=None, on=ORDERS, environment=ENVIRONMENT, **fields
):
    """Make a test of a relation, its target, and how it stands; times in hours before now."""
    uid = f"test.shop.{name}"
    words = {"ok": "pass", "warn": "warn", "bad": "fail"}
    ran_it = group and {
        "attempt_status": words[group],
        "attempt_status_group": group,
        "attempted_at": hours_ago(ran),
        "ok_at": passed and hours_ago(passed),
        "failing_since_at": failing and hours_ago(failing),
    }
    where = {"environment_id": environment, "test_unique_id": uid}
    target = {"target_unique_id": on, "node_key": key(on, environment), "role": "tested"}
    itself = {"name": name, "node_key": key(uid, environment)}
    return [
        row(tables.DBT_TESTS, **where | itself | fields.pop("test", {})),
        row(tables.DBT_TEST_TARGETS, **where | target | fields.pop("target", {})),
        status(uid, environment=environment, **(ran_it or {}) | fields),
    ]


def publish(warehouse, *rows):
    """Publish rows in one batch."""
    by_table = defaultdict(list)
    for one in rows:
        by_table[_TABLES[type(one)]].append(one)
    changes = tuple(Change(table, found) for table, found in by_table.items())
    warehouse.publish(Batch("s1", warehouse.identity().generation, changes))
