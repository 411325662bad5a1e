"""What `check` looks at: each probe tries one connection and tells what it found.

A probe leaves nothing behind, and an error of ours is a finding, not an end.
"""

import os
from collections.abc import Callable, Iterator, Mapping

from sigma_dbt_sync.cli.archive_place import try_writing
from sigma_dbt_sync.cli.console import counted
from sigma_dbt_sync.cli.findings import Finding, Mark
from sigma_dbt_sync.cli.sigma_probe import probe_sigma
from sigma_dbt_sync.cli.snowflake_probe import role_finding
from sigma_dbt_sync.cli.tab import has_tables, rows
from sigma_dbt_sync.cli.tab_panels import instant
from sigma_dbt_sync.dbt_cloud import open_client
from sigma_dbt_sync.errors import ServiceError, SyncError
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.base import Warehouse
from sigma_dbt_sync.warehouse.snowflake import Snowflake

_VERSION = {"duckdb": "version()", "snowflake": "current_version()"}
_LAST_LOAD = "SELECT max(finished_at) AS finished_at FROM sync_loads"


def probe_dbt_cloud(settings: Settings) -> Iterator[Finding]:
    """Ask dbt Cloud for everything a sync asks for."""
    subject = "dbt Cloud"
    if settings.is_demo:
        said = "No token is set: the demo account is synced."
        yield Finding(Mark.NOTE, subject, said, "sigma-dbt-sync configure")
        return
    try:
        with open_client(settings) as client:
            seen = client.check()
            name = (
                f"{seen.account_name} ({seen.account_id})" if seen.account_name else seen.account_id
            )
            said = f"{settings.dbt_cloud_api_host} accepts the token for account {name}."
            yield Finding(Mark.GOOD, subject, said)
            environments = sum(len(client.environments(project.id)) for project in seen.projects)
            jobs = sum(not job.is_deleted for job in client.jobs())
    except ServiceError as error:
        yield Finding(Mark.BAD, subject, str(error))
        return
    except SyncError as error:
        yield Finding(Mark.BAD, subject, str(error), "sigma-dbt-sync configure")
        return
    counts = {"project": len(seen.projects), "environment": environments, "job": jobs}
    yield _sight(counts | {"run": seen.runs})


def probe_archive(settings: Settings) -> Iterator[Finding]:
    """Try to write where the archive is or will be."""
    subject = "archive"
    try:
        try_writing(settings)
    except SyncError as error:
        yield Finding(Mark.BAD, subject, str(error), "Change ARCHIVE_URL, or its permissions.")
    else:
        yield Finding(Mark.GOOD, subject, f"{settings.archive_url} can be written.")


def probe_warehouse(settings: Settings) -> Iterator[Finding]:
    """Connect and count."""
    subject = "warehouse"
    try:
        with open_warehouse(settings) as warehouse:
            if warehouse.is_absent():
                said = f"{warehouse.target} is not there yet; the first sync makes it."
                yield Finding(Mark.NOTE, subject, said, "sigma-dbt-sync sync")
                return
            if isinstance(warehouse, Snowflake):
                yield role_finding(warehouse)
            yield _warehouse_finding(settings, warehouse)
    except SyncError as error:
        yield Finding(Mark.BAD, subject, str(error))


def probe_dagster(_: Settings) -> Iterator[Finding]:
    """Tell which Dagster instance a `dagster` started here would use."""
    home = os.environ.get("DAGSTER_HOME")  # noqa: TID251 - Dagster's variable, only shown
    if home:
        yield Finding(Mark.GOOD, "Dagster", f"DAGSTER_HOME is {home}")
        return
    yield Finding(
        Mark.NOTE,
        "Dagster",
        "DAGSTER_HOME is not set; only Dagster needs it.",
        "export DAGSTER_HOME=$PWD/dagster_home, or use make ui, which sets it.",
    )


ALL: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    probe_dbt_cloud,
    probe_archive,
    probe_warehouse,
    probe_dagster,
    probe_sigma,
)


def _sight(counts: Mapping[str, int]) -> Finding:
    listed = ", ".join(counted(number, thing) for thing, number in counts.items())
    said = f"The token sees {listed}."
    unseen = [thing for thing, number in counts.items() if not number]
    if not unseen:
        return Finding(Mark.GOOD, "dbt Cloud", said)
    if unseen == ["run"]:
        return Finding(Mark.NOTE, "dbt Cloud", said, "Run a job in dbt Cloud, then sync.")
    fix = "Where there are some, give the token Read-Only for all projects."
    return Finding(Mark.BAD, "dbt Cloud", said, fix)


def _warehouse_finding(settings: Settings, warehouse: Warehouse) -> Finding:
    (version,) = rows(warehouse, f"SELECT {_VERSION[settings.warehouse]} AS version")
    where = f"{warehouse.target}, version {version['version']}"
    if not has_tables(warehouse):
        return Finding(
            Mark.NOTE, "warehouse", f"{where}, has no tables yet.", "sigma-dbt-sync sync"
        )
    (runs,) = rows(warehouse, "SELECT count(*) AS runs FROM dbt_runs")
    (load,) = rows(warehouse, _LAST_LOAD)
    said = f"{where}: {counted(runs['runs'], 'run')}, last load {instant(load['finished_at'])}."
    return Finding(Mark.GOOD, "warehouse", said)
