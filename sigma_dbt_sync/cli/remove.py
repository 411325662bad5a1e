"""`remove`: take back what was created, and say what is left to revoke."""

from typing import Annotated

import typer
from rich.console import Console

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.cli.archive_place import accounts_in, delete_accounts, local_folder
from sigma_dbt_sync.cli.console import results
from sigma_dbt_sync.cli.demo import anchor_file
from sigma_dbt_sync.cli.exits import end
from sigma_dbt_sync.cli.tab import rows
from sigma_dbt_sync.errors import WarehouseError
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sync import forget_load
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.base import Warehouse

_REVOKE = """\
Left for you to revoke:
  dbt Cloud   the service token, under Account settings, Service tokens
  Sigma       the client of its API, under Administration, Developer Access; and the data model
              "dbt metadata", if it was published
  Dagster     stop `dagster dev` or the daemon, else its schedule syncs again
  .env        delete it, or the lines of the token
"""
_REVOKE_SNOWFLAKE = """\
  Snowflake   DROP SCHEMA {schema}; with it go grants on what it may hold one day. Then the user,
              the warehouse and the roles of sql/snowflake/grants.sql: DROP USER, WAREHOUSE, ROLE
"""


def remove(
    *,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Drop the tables without asking, and keep the archive."),
    ] = False,
) -> None:
    """Drop the tables and views that syncs made, and say what to revoke.

    The archive of raw artifacts is deleted only when you say so.
    """
    settings = load_settings()
    console = results()
    _drop_tables(console, settings, yes=yes)
    _delete_archive(console, settings, yes=yes)
    console.print()
    console.print(_REVOKE, end="")
    if settings.warehouse == "snowflake":
        console.print(_REVOKE_SNOWFLAKE.format(schema=settings.snowflake_schema), end="")


def drop_tables(settings: Settings, warehouse: Warehouse) -> list[str]:
    """Drop tables and views, and make the archives forget that they were loaded there."""
    try:
        accounts = rows(warehouse, "SELECT DISTINCT account_id FROM dbt_runs")
    except WarehouseError:  # a file or schema without our tables
        accounts = []
    for account in accounts:
        forget_load(Archive(settings.archive_url, account["account_id"]), warehouse)
    return warehouse.drop()


def _drop_tables(console: Console, settings: Settings, *, yes: bool) -> None:
    with open_warehouse(settings) as warehouse:
        if warehouse.is_absent():
            console.print(f"{warehouse.target} is not there; nothing to drop.", soft_wrap=True)
            return
        if not yes and not typer.confirm(f"Drop every table and view in {warehouse.target}?"):
            end("Nothing was dropped.")
        dropped = drop_tables(settings, warehouse)
        console.print(f"✓ Dropped {len(dropped)} tables and views in {warehouse.target}")


def _delete_archive(console: Console, settings: Settings, *, yes: bool) -> None:
    folder = local_folder(settings)
    if folder is None:
        console.print(f"The archive at {settings.archive_url} is kept; delete it there.")
        return
    if not accounts_in(folder):
        return
    question = f"Delete the archive in {folder} too? dbt Cloud keeps only 365 days."
    if yes or not typer.confirm(question):
        console.print(f"The archive is kept in {folder}: a sync makes the tables again from it.")
        return
    delete_accounts(folder)
    anchor_file(settings).unlink(missing_ok=True)
    console.print(f"✓ Deleted the archive in {folder}")
