"""Which dbt runs one load wrote."""

from typing import Any

from sigma_dbt_sync.warehouse.base import Warehouse

NEWEST = 20


def newest_loaded(warehouse: Warehouse, account_id: int, sync_id: str) -> list[dict[str, Any]]:
    """Read the newest runs that a load wrote: run_id, job, status, started_at; no more than 20."""
    sql = (
        "SELECT runs.run_id, coalesce(jobs.name, '') AS job, runs.status, runs.started_at, "
        "runs.run_url FROM dbt_runs AS runs LEFT JOIN dbt_jobs AS jobs "
        "ON jobs.account_id = runs.account_id AND jobs.job_id = runs.job_id "
        "WHERE runs.account_id = ? AND runs.sync_id = ? "
        "ORDER BY runs.started_at DESC NULLS LAST, runs.run_id DESC LIMIT "
    )
    found: list[dict[str, Any]] = warehouse.query(
        f"{sql}{NEWEST}", (account_id, sync_id)
    ).to_pylist()
    return found
