"""`deliver`: make Sigma sync the tables whose descriptions changed, now."""

import json
from typing import Annotated

import typer

from sigma_dbt_sync.cli import clock
from sigma_dbt_sync.cli.console import progress_bars, results
from sigma_dbt_sync.cli.delivery_report import (
    as_json,
    print_delivery,
    print_waiting,
    waiting_as_json,
)
from sigma_dbt_sync.cli.exits import FAILED, WRONG_USE, end
from sigma_dbt_sync.cli.show import choose
from sigma_dbt_sync.cli.tab import has_tables, relations
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sync.asked import persisted_nodes
from sigma_dbt_sync.sync.delivery import requests_to_send, run_delivery
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.base import Warehouse


def deliver(
    *,
    relation: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RELATION",
            help="Sync this table, changed or not; may be given several times.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Sync every table whose descriptions dbt persists.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent; ask Sigma nothing.")
    ] = False,
    in_json: Annotated[
        bool, typer.Option("--json", help="Report as one JSON object, and nothing else.")
    ] = False,
) -> None:
    """Make Sigma sync the tables whose persisted descriptions changed, and see that it did.

    Tables that failed before are tried again at once. Ends with 1 when a table was not synced.
    """
    settings = load_settings()
    if relation and everything:
        end("Choose either --relation or --all.", WRONG_USE)
    with open_warehouse(settings) as warehouse:
        if warehouse.is_absent() or not has_tables(warehouse):
            end(f"Nothing is in {warehouse.target} yet. Run: sigma-dbt-sync sync")
        if everything:
            chosen = persisted_nodes(warehouse)
        else:
            chosen = _named(warehouse, settings, relation) if relation else None
        if dry_run:
            found = requests_to_send(warehouse, settings, clock=clock.now, node_keys=chosen)
            if in_json:
                typer.echo(json.dumps(waiting_as_json(found), indent=2, ensure_ascii=False))
            else:
                print_waiting(results(), found)
            return
    with progress_bars() as progress:
        report = run_delivery(
            settings, clock=clock.now, node_keys=chosen, failed_too=True, progress=progress
        )
    if in_json:
        typer.echo(json.dumps(as_json(report), indent=2, ensure_ascii=False))
    else:
        print_delivery(results(), report)
    if not report.is_good:
        raise typer.Exit(FAILED)


def _named(warehouse: Warehouse, settings: Settings, names: list[str]) -> list[str]:
    known = relations(warehouse, settings)
    return [choose(known, name)["node_key"] for name in names]
