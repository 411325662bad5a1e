"""Says what a delivery did, for people and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sigma_dbt_sync.cli.console import counted, plain
from sigma_dbt_sync.sync.deliver import Delivered, DeliveryReport
from sigma_dbt_sync.sync.requests import BY_MIGRATION, Request

_STYLES = {"confirmed": "green", "accepted": "green", "unconfirmed": "yellow"}


def print_delivery(console: Console, report: DeliveryReport) -> None:
    """Say which tables Sigma synced, and why it did not sync the others."""
    if not report.tables:
        console.print("No table waits to be synced in Sigma.")
    else:
        console.print(f"Sigma synced {counted(len(report.synced), 'table')}:")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for heading in ("table", "state", "changes", "columns shown", "why"):
            table.add_column(heading, justify="right" if heading == "changes" else "left")
        for one in report.tables:
            table.add_row(*_cells(one), style=_STYLES.get(one.outcome.state, "red"))
        console.print(table)
    for line in _left(report):
        console.print(f"! {line}", style="yellow", soft_wrap=True)


def print_waiting(console: Console, requests: Sequence[Request]) -> None:
    """Say which tables would be synced."""
    console.print(f"{counted(len(requests), 'table')} would be synced in Sigma:")
    for request in requests:
        what = counted(request.change_count, "changed description")
        if request.cause == BY_MIGRATION:
            what = "of this package, whose columns a new version changed"
        console.print(f"  {plain(request.name)}: {what}, by {plain(request.connection)}")


def waiting_as_json(requests: Sequence[Request]) -> dict[str, Any]:
    """Lay out what would be sent for --dry-run --json."""
    return {
        "tables": [
            {
                "table": request.name,
                "unique_id": request.relation.unique_id or None,
                "cause": request.cause,
                "changes": request.change_count,
                "connection": request.connection,
            }
            for request in requests
        ]
    }


def as_json(report: DeliveryReport) -> dict[str, Any]:
    """Lay it out for --json."""
    return {
        "tables": [
            {
                "table": one.request.name,
                "unique_id": one.request.relation.unique_id or None,
                "changes": one.request.change_count,
                "attempt": one.attempt,
                "state": one.outcome.state,
                "verified_columns": one.outcome.verified_columns,
                "error": one.outcome.error,
            }
            for one in report.tables
        ],
        "remaining": report.remaining,
        "held_by_another_delivery": report.held,
        "unknown_connections": report.unknown_connections,
        "projects_without_connection": sorted(p for p in report.unconnected if p is not None),
        "requests": report.requests,
        "rate_limited": report.rate_limited,
    }


def _cells(one: Delivered) -> tuple[str, ...]:
    outcome = one.outcome
    shown = outcome.verified_columns
    return (
        plain(one.request.name),
        outcome.state,
        str(one.request.change_count),
        "" if shown is None else f"{shown} of {outcome.expected_columns}",
        plain(outcome.error or ""),
    )


def _left(report: DeliveryReport) -> Iterator[str]:
    if report.remaining:
        yield f"{counted(report.remaining, 'table')} still to be synced; the next delivery goes on."
    if report.held:
        yield f"{counted(report.held, 'table')} in the hands of another delivery."
    yield from report.unknown_connections.values()
    for project in sorted(map(str, report.unconnected)):
        yield (
            f"Project {project} has changed descriptions and no Sigma connection: add it to "
            "SIGMA_CONNECTION."
        )
