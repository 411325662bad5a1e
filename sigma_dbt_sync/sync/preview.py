"""A few rows of what people look at most, for pages that show what a sync left behind.

No SQL text and no description is among them, and messages are those that analysts see, with quoted
values masked. Asked for after a load that brought something; each costs one statement.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from sigma_dbt_sync.warehouse.base import Warehouse

ROWS = 5

_WORST_FIRST = (
    "CASE health WHEN 'failing' THEN 0 WHEN 'warning' THEN 1 WHEN 'healthy' THEN 2 ELSE 3 END"
)
_PREVIEWS = {
    "dbt_runs": (
        "SELECT run_id, status, started_at, run_seconds, git_branch, feeds_state, failure_detail "
        "FROM dbt_runs WHERE account_id = ? ORDER BY created_at DESC NULLS LAST, run_id DESC"
    ),
    "dbt_tab": (
        "SELECT environment_name, table_name, resource_type, health, health_detail, last_built_at, "  # noqa: S608 - words of our own
        "execution_seconds, tests_passing, tests_failing, job_name FROM dbt_tab "
        f"WHERE account_id = ? AND is_primary ORDER BY {_WORST_FIRST}, last_built_at DESC "
        "NULLS LAST, relation_key"
    ),
    "job_health": (
        "SELECT job_name, environment_name, health, health_detail, last_finished_at, "  # noqa: S608 - words of our own
        "last_run_seconds, success_percent, seconds_p50 FROM job_health "
        f"WHERE account_id = ? AND NOT is_deleted ORDER BY {_WORST_FIRST}, job_name"
    ),
    "run_failures": (
        "SELECT failed_at, environment_name, job_name, unique_id, result_status, failing_rows, "
        "reason FROM run_failures WHERE account_id = ? AND is_root_cause "
        "ORDER BY failed_at DESC NULLS LAST, run_id DESC, unique_id"
    ),
}
_HEALTH = (
    "SELECT coalesce(health, 'unknown') AS health, count(*) AS relations FROM dbt_tab "
    "WHERE account_id = ? AND is_primary GROUP BY 1"
)

Cell = str | int | float | bool


class Previews(Struct, frozen=True):
    """The first rows of some tables and views, and how many relations are of which health."""

    rows: dict[str, list[dict[str, Cell]]]
    health: dict[str, int]


def previews(warehouse: Warehouse, account_id: int) -> Previews:
    """Read them all.

    Raises:
        WarehouseError: the warehouse refused.
    """
    rows = {
        name: warehouse.query(f"{sql} LIMIT {ROWS}", (account_id,)).to_pylist()
        for name, sql in _PREVIEWS.items()
    }
    health: Any = warehouse.query(_HEALTH, (account_id,)).to_pylist()
    return Previews(
        {
            name: [{column: _cell(value) for column, value in row.items()} for row in found]
            for name, found in rows.items()
        },
        {row["health"]: int(row["relations"]) for row in health},
    )


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float | Decimal):
        return round(float(value), 3)
    return value if isinstance(value, str | int) else str(value)
