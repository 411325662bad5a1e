"""`sync`: fetch what is new, load it, tell Sigma, and say what was done."""

import json
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from sigma_dbt_sync.cli import clock
from sigma_dbt_sync.cli.console import counted, plain, progress_bars, remarks, results
from sigma_dbt_sync.cli.delivery_report import as_json as delivery_as_json
from sigma_dbt_sync.cli.delivery_report import print_delivery
from sigma_dbt_sync.cli.demo import demo_account
from sigma_dbt_sync.cli.exits import FAILED
from sigma_dbt_sync.cli.tab import read_tab, telling_relation
from sigma_dbt_sync.cli.tab_panels import print_tab
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sync import DeliveryReport, SyncReport, deliver_after_sync, run_sync
from sigma_dbt_sync.warehouse import open_warehouse

_MEGABYTE = 1_000_000


def sync(
    *,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Look again for runs created from this day on; none is fetched twice.",
            show_default=False,
        ),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the tables again from the archive.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Report as one JSON object, and nothing else.")
    ] = False,
) -> None:
    """Fetch what is new in dbt Cloud, load it, and make Sigma sync tables whose docs changed.

    Sigma is told when it is set up. Without a dbt Cloud token the bundled demo account is synced.
    """
    settings = load_settings()
    since_day = since.date() if since else None
    with _demo(settings) if settings.is_demo else nullcontext(settings) as chosen:
        report = _sync(chosen, since_day, rebuild=rebuild)
        console = results()
        if not as_json:
            _print_report(console, report)
        delivered = _deliver(chosen, report) if chosen.sends_to_sigma else None
    if as_json:
        told = _as_json(report) | {"sigma": delivery_as_json(delivered) if delivered else None}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False, default=str))
    else:
        if delivered and (delivered.tables or delivered.remaining or delivered.held):
            print_delivery(console, delivered)
        if settings.is_demo and not report.is_nothing_new:
            _print_example(console, settings, report.account_id)
    if delivered and not delivered.is_good:
        raise typer.Exit(FAILED)


@contextmanager
def _demo(settings: Settings) -> Generator[Settings]:
    remarks().print(
        "No dbt Cloud token is set: syncing the demo account, served on this machine.\n"
        "To connect yours: sigma-dbt-sync configure",
        style="yellow",
    )
    with demo_account(settings) as variables:
        yield load_settings(**{name.lower(): value for name, value in variables.items()})


def _sync(settings: Settings, since: date | None, *, rebuild: bool) -> SyncReport:
    with progress_bars() as progress:
        return run_sync(settings, clock=clock.now, since=since, rebuild=rebuild, progress=progress)


def _deliver(settings: Settings, report: SyncReport) -> DeliveryReport | None:
    with progress_bars() as progress:
        return deliver_after_sync(
            settings, report.account_id, report.loaded.target, clock=clock.now, progress=progress
        )


def _print_report(console: Console, report: SyncReport) -> None:
    fetched, loaded = report.extracted, report.loaded
    asked = counted(fetched.requests, "request")
    seconds = f"{report.moments.seconds:.1f} s"
    if report.is_nothing_new:
        console.print(f"Nothing new. {asked} to dbt Cloud, {seconds}.")
    else:
        size = f"{fetched.bytes / _MEGABYTE:.1f} MB"
        artifacts = counted(fetched.artifacts_found, "artifact")
        console.print(f"Fetched {counted(fetched.runs, 'run')}, {artifacts}, {size} in {asked}")
        runs = counted(loaded.runs_loaded, "run")
        console.print(f"Loaded {runs} into {loaded.target}", soft_wrap=True)
        _print_tables(console, report)
        paid = "" if loaded.statements is None else f", {counted(loaded.statements, 'statement')}"
        console.print(f"Done in {seconds}{paid}")
    for warning in report.warnings:
        console.print(f"! {plain(warning)}", style="yellow", soft_wrap=True)


def _print_tables(console: Console, report: SyncReport) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("table", no_wrap=True)
    for heading in ("inserted", "updated", "deleted"):
        table.add_column(heading, justify="right")
    touched = {name: counts for name, counts in report.loaded.tables.items() if counts.written}
    for name, counts in touched.items():
        cells = (counts.inserted, counts.updated, counts.deleted)
        table.add_row(name, *(f"{cell:,}" if cell else "" for cell in cells))
    if touched:
        console.print(table)


def _print_example(console: Console, settings: Settings, account_id: int) -> None:
    with open_warehouse(settings) as warehouse:
        relation = telling_relation(warehouse, account_id)
        tab = read_tab(warehouse, relation) if relation else None
    if tab:
        name = tab.facts["table_name"]
        console.print(f"\nOne dbt tab, as `sigma-dbt-sync show {plain(name)}` shows it:\n")
        print_tab(console, tab)


def _as_json(report: SyncReport) -> dict[str, Any]:
    extracted = asdict(report.extracted)
    del extracted["warnings"]  # they are among those of the whole sync
    return {
        "sync_id": report.sync_id,
        "account_id": report.account_id,
        "nothing_new": report.is_nothing_new,
        "extracted": extracted,
        "runs_loaded": report.loaded.runs_loaded,
        "target": report.loaded.target,
        "statements": report.loaded.statements,
        "tables": {
            name: asdict(counts) for name, counts in report.loaded.tables.items() if counts.written
        },
        "warnings": report.warnings,
        "seconds": round(report.moments.seconds, 3),
    }
