"""`show`: the dbt tab of one relation, in a terminal, as JSON or as Markdown."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from sigma_dbt_sync.cli.console import plain, remarks, results
from sigma_dbt_sync.cli.exits import WRONG_USE, end
from sigma_dbt_sync.cli.tab import (
    Record,
    Tab,
    close_names,
    has_tables,
    in_environment,
    matching,
    preferred,
    read_tab,
    relations,
)
from sigma_dbt_sync.cli.tab_markdown import as_markdown
from sigma_dbt_sync.cli.tab_panels import print_tab
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.warehouse import open_warehouse


def show(
    relation: Annotated[
        str,
        typer.Argument(
            metavar="RELATION",
            help="A table or model name, schema.table, database.schema.table, or dbt's unique_id; "
            "in any case.",
            show_default=False,
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Everything as one JSON object, SQL in full.")
    ] = False,
    in_markdown: Annotated[
        bool, typer.Option("--markdown", help="Everything as Markdown, to paste into a ticket.")
    ] = False,
    environment: Annotated[
        str | None,
        typer.Option(
            metavar="ID_OR_NAME",
            help="The dbt Cloud environment to look in. Production comes first without.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the dbt tab of a relation: what it is, how it stands, its tests, columns and SQL.

    Reads the warehouse only; run `sync` before to see the newest.
    """
    if as_json and in_markdown:
        end("Choose either --json or --markdown.", WRONG_USE)
    settings = load_settings()
    with open_warehouse(settings) as warehouse:
        if warehouse.is_absent() or not has_tables(warehouse):
            end(f"Nothing is in {warehouse.target} yet. Run: sigma-dbt-sync sync")
        known = relations(warehouse, settings)
        chosen = choose(known, relation, environment)
        tab = read_tab(warehouse, chosen)
    if as_json:
        typer.echo(_as_json(tab))
    elif in_markdown:
        typer.echo(as_markdown(tab), nl=False)
    else:
        print_tab(results(), tab)


def choose(known: Sequence[Record], wanted: str, environment: str | None = None) -> Record:
    """Find the one relation a person means, or end and say what is known instead."""
    where = known if environment is None else in_environment(known, environment)
    if known and not where:
        names = sorted({f"{row['environment_name']} ({row['environment_id']})" for row in known})
        end(f"No environment is called {environment}. There are: {', '.join(names)}", WRONG_USE)
    found = matching(where, wanted)
    if not found:
        _unknown(known, where, wanted)
    left = preferred(found)
    if len(left) > 1:
        _ambiguous(left, wanted)
    return left[0]


def _unknown(known: Sequence[Record], where: Sequence[Record], wanted: str) -> NoReturn:
    elsewhere = matching(known, wanted)
    if elsewhere:
        names = sorted({str(row["environment_name"]) for row in elsewhere})
        end(f"{wanted} is not in that environment, but in: {', '.join(names)}")
    if not known:
        end("No relation is known yet. Run: sigma-dbt-sync sync")
    close = close_names(where, wanted)
    hint = f" Did you mean: {', '.join(close)}?" if close else ""
    end(f"No relation is called {wanted}.{hint}")


def _ambiguous(left: Sequence[Record], wanted: str) -> NoReturn:
    table = Table("relation", "unique_id", "environment", box=None, pad_edge=False)
    for row in left:
        place = f"{row['environment_name']} ({row['environment_id']})"
        table.add_row(plain(row["relation_key"]), plain(row["unique_id"]), plain(place))
    remarks().print(table)
    end(
        f"{wanted} names {len(left)} relations. Say which: by relation or unique_id, or by "
        "--environment ID_OR_NAME.",
        WRONG_USE,
    )


def _as_json(tab: Tab) -> str:
    return json.dumps(tab.as_json(), indent=2, ensure_ascii=False, default=_instant)


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
