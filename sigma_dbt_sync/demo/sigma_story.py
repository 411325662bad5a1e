"""The Sigma of the demo account: a connection to the warehouse its production jobs build.

What the warehouse holds is what the newest catalog.json of a production run shows. Sigma's catalog
is older: it was indexed before the descriptions changed, so the changed tables are stale in it.
"""

from collections.abc import Callable
from datetime import datetime

from sigma_dbt_sync.artifacts.catalog import CatalogTable, read_catalog
from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.runs import Run
from sigma_dbt_sync.demo.sigma_catalog import (
    Organization,
    Path,
    TableComments,
    WarehouseConnection,
)

CONNECTION = "Demo warehouse"
CONNECTION_ID = "3f6e3b0a-5a0c-4c2b-8d9e-2b7a1c9d4e10"

_CHANGED_BY = "descriptions"


def organization(account: Account, clock: Callable[[], datetime]) -> Organization:
    """Make the organization; `clock` says which runs of `account` have ended."""
    warehouse = WarehouseConnection(
        id=CONNECTION_ID,
        name=CONNECTION,
        type="postgres",
        information_schema=lambda: _information_schema(account, clock()),
    )
    warehouse.indexed = _information_schema(account, account.run(_CHANGED_BY).created_at)
    others = [
        WarehouseConnection(
            id="0c1d2e3f-8a1b-4f6d-9a57-6e1f0b2c3d4e",
            name="Finance",
            use_oauth=True,
            information_schema=dict[Path, TableComments],
        ),
        WarehouseConnection(
            id="9b8a7c6d-2f3e-4d5c-8b1a-5c4d3e2f1a0b",
            name="Sigma Sample Database",
            information_schema=dict[Path, TableComments],
        ),
    ]
    return Organization(connections=[*others, warehouse], clock=clock)


def sigma_settings(organization: Organization, url: str) -> dict[str, str]:
    """Name the settings that reach `organization` at `url`."""
    return {
        "SIGMA_API_HOST": url,
        "SIGMA_CLIENT_ID": organization.client_id,
        "SIGMA_CLIENT_SECRET": organization.client_secret,
        "SIGMA_CONNECTION": CONNECTION,
    }


def _information_schema(account: Account, now: datetime) -> dict[Path, TableComments]:
    ended = sorted(
        (run.finished_at, run.id) for run in account.runs.values() if _is_of_production(run, now)
    )
    for _, run_id in reversed(ended):
        catalog = _catalog(account.runs[run_id])
        if catalog is not None:
            tables = read_catalog(catalog).relations().values()
            return {path: _comments(table) for table in tables if (path := _path(table))}
    return {}


def _is_of_production(run: Run, now: datetime) -> bool:
    job = company.job(run.recording.job_id)
    return (
        job.environment is company.PRODUCTION
        and run.finished_at is not None
        and run.finished_at <= now
    )


def _catalog(run: Run) -> bytes | None:
    steps = (step.index for step in reversed(run.steps))
    found = (run.artifact("catalog.json", index) for index in steps)
    return next((content for content in found if content is not None), None)


def _path(table: CatalogTable) -> Path:
    told = (table.metadata.database, table.metadata.schema, table.metadata.name)
    names = tuple(name for name in told if name)
    return names if len(names) == len(told) else ()


def _comments(table: CatalogTable) -> TableComments:
    return TableComments(
        comment=table.metadata.comment,
        columns={column.name: column.comment for column in table.columns.values()},
    )
