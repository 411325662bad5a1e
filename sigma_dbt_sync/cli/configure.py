"""`configure`: asks how to reach dbt Cloud, warehouse and Sigma, verifies it, writes `.env`."""

import sys

import typer
from rich.console import Console

from sigma_dbt_sync.cli.account_questions import ask_account, ask_host, ask_token
from sigma_dbt_sync.cli.console import results
from sigma_dbt_sync.cli.demo import demo_account_id
from sigma_dbt_sync.cli.env_file import env_file, write_env_file
from sigma_dbt_sync.cli.exits import WRONG_USE, end
from sigma_dbt_sync.cli.findings import Mark
from sigma_dbt_sync.cli.probes import probe_dbt_cloud, probe_warehouse
from sigma_dbt_sync.cli.remove import drop_tables
from sigma_dbt_sync.cli.sigma_questions import ask_sigma
from sigma_dbt_sync.cli.tab import rows
from sigma_dbt_sync.cli.warehouse_questions import ask_warehouse
from sigma_dbt_sync.errors import WarehouseError
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.warehouse import open_warehouse

_NO_ANSWERS = (
    "configure asks questions, and nobody answered. Run it in a terminal, or set "
    "DBT_CLOUD_API_HOST, DBT_CLOUD_SERVICE_TOKEN and DBT_CLOUD_ACCOUNT_ID yourself."
)
_NEXT = """\
Next:
  sigma-dbt-sync check    see that everything is permitted
  sigma-dbt-sync sync     fetch the last {days} days and fill the tables
"""


def configure() -> None:
    """Ask how to reach dbt Cloud, where the tables go, and for Sigma; verify it and write .env.

    Nothing is written before dbt Cloud and Sigma have accepted their credentials.
    """
    try:
        _configure(results())
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        end(_NO_ANSWERS, WRONG_USE)


def _configure(console: Console) -> None:
    present = load_settings()
    host = ask_host(console, present)
    token = ask_token(console, present)
    account_id = ask_account(console, host, token)
    answers = {
        "DBT_CLOUD_API_HOST": host,
        "DBT_CLOUD_SERVICE_TOKEN": token,
        "DBT_CLOUD_ACCOUNT_ID": str(account_id),
        **ask_warehouse(console, present),
    }
    settings = load_settings(**{name.lower(): value for name, value in answers.items()})
    on_snowflake = probe_warehouse(settings) if settings.warehouse == "snowflake" else ()
    for finding in (*probe_dbt_cloud(settings), *on_snowflake):
        console.print(f"{finding.mark.value} {finding.said}", soft_wrap=True)
        if finding.mark is Mark.BAD:
            end(f"Nothing was written. {finding.fix}".rstrip())
    answers |= ask_sigma(console, present)
    settings = load_settings(**{name.lower(): value for name, value in answers.items()})
    file = env_file()
    write_env_file(file, answers)
    console.print(f"✓ Written to {file}, readable by you alone.", soft_wrap=True)
    _warn_of_other_values(console, settings)
    _offer_to_drop_the_demo(console, settings)
    console.print()
    console.print(_NEXT.format(days=settings.dbt_cloud_history_days), end="")


def _warn_of_other_values(console: Console, wanted: Settings) -> None:
    """Say which environment variables hide what was written: they win over the file."""
    in_force = load_settings()
    hidden = [
        name.upper()
        for name in sorted(wanted.model_fields_set)
        if getattr(in_force, name) != getattr(wanted, name)
    ]
    if hidden:
        console.print(
            f"! Environment variables hide the new values of: {', '.join(hidden)}. Unset them.",
            style="yellow",
            soft_wrap=True,
        )


def _offer_to_drop_the_demo(console: Console, settings: Settings) -> None:
    """Offer to begin with an empty warehouse where only the demo account's tables are."""
    with open_warehouse(settings) as warehouse:
        if warehouse.is_absent():
            return
        try:
            found = rows(warehouse, "SELECT DISTINCT account_id FROM dbt_runs")
        except WarehouseError:  # another file of DuckDB's, without our tables
            return
        if {row["account_id"] for row in found} == {demo_account_id()}:
            console.print(f"{warehouse.target} holds the demo account.", soft_wrap=True)
            if typer.confirm("Drop the demo account's tables?", default=True):
                drop_tables(settings, warehouse)
