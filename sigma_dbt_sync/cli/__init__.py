"""The command line, `sigma-dbt-sync`: one module a command, results on standard output."""

from typing import Annotated

import typer

from sigma_dbt_sync import __version__
from sigma_dbt_sync.cli import demo
from sigma_dbt_sync.cli.check import check
from sigma_dbt_sync.cli.configure import configure
from sigma_dbt_sync.cli.console import remark_on_waits, survive_any_encoding
from sigma_dbt_sync.cli.deliver import deliver
from sigma_dbt_sync.cli.exits import Commands
from sigma_dbt_sync.cli.publish import publish
from sigma_dbt_sync.cli.remove import remove
from sigma_dbt_sync.cli.report import report
from sigma_dbt_sync.cli.show import show
from sigma_dbt_sync.cli.sync import sync

# No traceback of a bug may show the values of variables: one of them may be a token.
app = typer.Typer(
    cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)
for command in (configure, check, sync, deliver, publish, show, report, remove):
    app.command()(command)
app.add_typer(demo.commands, name="demo")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the option's value
    if wanted:
        typer.echo(f"sigma-dbt-sync {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[  # noqa: ARG001 - the callback answers
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Bring dbt Cloud metadata into warehouse tables, with its history.

    Settings are environment variables or lines in .env; `check` lists them all.
    Exit codes: 0 done, 1 failed, 2 wrong use or configuration.
    """
    survive_any_encoding()
    remark_on_waits()
