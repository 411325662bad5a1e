"""`report`: the dbt tab of one relation or of all, as an HTML page that needs only itself."""

from pathlib import Path
from typing import Annotated

import typer

from sigma_dbt_sync.cli import clock
from sigma_dbt_sync.cli.console import counted, remarks
from sigma_dbt_sync.cli.exits import WRONG_USE, end
from sigma_dbt_sync.cli.show import choose
from sigma_dbt_sync.cli.tab import has_tables, in_environment, relations
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.warehouse import open_warehouse


def report(
    relation: Annotated[
        str | None,
        typer.Argument(
            metavar="[RELATION]",
            help="One relation, named as for `show`. All of production without.",
            show_default=False,
        ),
    ] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="The page to write.")
    ] = Path("dbt_report.html"),
    environment: Annotated[
        str | None,
        typer.Option(
            metavar="ID_OR_NAME",
            help="The dbt Cloud environment to report on. Production without, where there is one.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the dbt tab as an HTML page, with lineage and run times, to send or to keep.

    The page fetches nothing and runs no script. Reads the warehouse only; run `sync` before to
    have the newest.
    """
    # Only here: a template engine, a highlighter, a Markdown reader, and what draws the pictures.
    from sigma_dbt_sync.cli.report_facts import read_sections  # noqa: PLC0415
    from sigma_dbt_sync.cli.report_page import render  # noqa: PLC0415

    settings = load_settings()
    with open_warehouse(settings) as warehouse:
        if warehouse.is_absent() or not has_tables(warehouse):
            end(f"Nothing is in {warehouse.target} yet. Run: sigma-dbt-sync sync")
        known = relations(warehouse, settings)
        if relation is not None:
            chosen = [choose(known, relation, environment)]
        elif environment is not None:
            chosen = in_environment(known, environment)
            if known and not chosen:
                names = sorted({str(row["environment_name"]) for row in known})
                end(
                    f"No environment is called {environment}. There are: {', '.join(names)}",
                    WRONG_USE,
                )
        else:
            chosen = [row for row in known if row["is_production"]] or known
        if not chosen:
            end("No relation is known yet. Run: sigma-dbt-sync sync")
        sections = read_sections(warehouse, chosen)
    page = render(sections, written_at=clock.now())
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        end(f"Cannot write {output}: {error.strerror or error}. Choose another place by --output.")
    remarks().print(f"Wrote {counted(len(sections), 'relation')} to {output}", soft_wrap=True)
