"""How long many rows take to Snowflake, over its own wire protocol, to a stand-in on this machine.

The stand-in runs in a process of its own, so memory and CPU time are ours alone. It merges on this
machine and there is no network in between: what carries over is CPU time, memory and statements.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.child import Work
from benchmarks.subjects import Subject
from sigma_dbt_sync.tables.results import DBT_NODE_EXECUTIONS, NodeExecutionRow
from sigma_dbt_sync.tables.spec import Column, Kind
from sigma_dbt_sync.warehouse.base import Batch, Change
from sigma_dbt_sync.warehouse.snowflake import Snowflake
from sigma_dbt_sync.warehouse.snowflake_login import login_from
from tests.snowflake.account import running

ROWS = 100_000

_NODES = 1_000  # of each invocation
_BEGIN = datetime(2027, 3, 9, tzinfo=UTC)


def first_rows() -> Work:
    """Publish to an empty table."""
    return _publishing([], _rows())


def same_rows() -> Work:
    """Publish what is there already."""
    rows = _rows()
    return _publishing(rows, rows)


def few_rows() -> Work:
    """Publish them again, one in a hundred with another status."""
    rows = _rows()
    changed = list(rows)
    changed[::100] = [structs.replace(row, status="error") for row in rows[::100]]
    return _publishing(rows, changed)


def _publishing(before: list[NodeExecutionRow], rows: list[NodeExecutionRow]) -> Work:
    stack = ExitStack()
    account = stack.enter_context(running())
    warehouse = Snowflake(
        login_from(account.settings("BENCHMARK")), tables=[DBT_NODE_EXECUTIONS], views=()
    )
    warehouse.migrate()
    warehouse.publish(Batch("before", 0, (Change(DBT_NODE_EXECUTIONS, before),)))
    planned_at = warehouse.identity().generation

    def work() -> dict[str, float]:
        asked, began = warehouse.statements or 0, time.process_time()
        counts = warehouse.publish(Batch("now", planned_at, (Change(DBT_NODE_EXECUTIONS, rows),)))
        told = {
            "own_cpu_seconds": time.process_time() - began,
            "written": counts[DBT_NODE_EXECUTIONS.name].written,
            "statements": (warehouse.statements or 0) - asked,
        }
        warehouse.close()
        stack.close()
        return told

    return work


def _rows() -> list[NodeExecutionRow]:
    columns = DBT_NODE_EXECUTIONS.columns
    return [
        DBT_NODE_EXECUTIONS.row(**{column.name: _value(column, number) for column in columns})
        for number in range(ROWS)
    ]


def _value(column: Column, number: int) -> Any:
    """Make up a value; one in ten is empty where that is allowed."""
    if column.nullable and number % 10 == 0:
        return None
    return _MADE_UP[column.kind](column.name, number)


def _text(name: str, number: int) -> str:
    part = number // _NODES if name == "invocation_id" else number % _NODES
    return f"{name} of a model in the made-up project {part:06}"


_MADE_UP: dict[Kind, Callable[[str, int], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: lambda _, number: 2**53 + number // _NODES,
    Kind.NUMBER: lambda _, number: number / 7,
    Kind.FLAG: lambda _, number: number % 2 == 0,
    Kind.INSTANT: lambda _, number: _BEGIN + timedelta(microseconds=number),
    Kind.JSON: lambda _, number: f'{{"rows_affected":{number}}}',
}


def _subjects(inputs: Inputs) -> list[Subject]:
    del inputs  # rows are made up here
    named = {
        f"{ROWS:,} rows into an empty table": "first_rows",
        "the same again": "same_rows",
        "the same again, 1 % changed": "few_rows",
    }
    return [Subject(title, f"cases.snowflake:{name}") for title, name in named.items()]


BENCHMARK = Benchmark(
    "snowflake", "Publishing over Snowflake's wire protocol", _subjects, most_rounds=3
)
