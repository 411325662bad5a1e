"""`demo serve`: the demo account and its Sigma on this machine, alone or around a command."""

import signal
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from sigma_dbt_sync.cli import child_process, clock
from sigma_dbt_sync.cli.console import remarks
from sigma_dbt_sync.cli.exits import Commands
from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings, load_settings

commands = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="The demo account: a small shop whose artifacts dbt really wrote.",
)


@commands.callback()
def group() -> None:
    """The demo account: a small shop whose artifacts dbt really wrote."""


@commands.command()
def serve(
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- COMMAND...]",
            help="Run this with the demo account's settings, and end with it. With a dbt Cloud "
            "token configured it runs against that account instead.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)
    ] = 0,
) -> None:
    """Serve the demo account as a dbt Cloud and a Sigma on this machine, until Ctrl-C."""
    settings = load_settings()
    if command and not settings.is_demo:
        raise typer.Exit(child_process.run(command, {}))
    with demo_account(settings, port=port) as variables:
        if command:
            host = variables["DBT_CLOUD_API_HOST"]
            remarks().print(f"No dbt Cloud token is set; the demo account is at {host}.")
            raise typer.Exit(child_process.run(command, variables))
        _serve_alone(variables)


@contextmanager
def demo_account(settings: Settings, *, port: int = 0) -> Generator[dict[str, str]]:
    """Serve the demo account while the block runs; yield the settings that reach it.

    They name its Sigma too, in place of any other: nothing of the demo is sent to a real one.

    Raises:
        ConfigurationError: the port is taken.
    """
    from sigma_dbt_sync.demo import account, sigma_story  # noqa: PLC0415 - only the demo needs it
    from sigma_dbt_sync.demo.serve import serving  # noqa: PLC0415 - nor its web server
    from sigma_dbt_sync.demo.services import services  # noqa: PLC0415 - nor what it serves

    story = account.load_account(anchor_file(settings), clock.now())
    organization = sigma_story.organization(story, clock.now)
    with ExitStack() as stack:
        try:
            served = stack.enter_context(serving(services(story, organization), port=port))
        except OSError as error:
            message = f"Port {port} cannot be used: {error.strerror}. Choose another: --port N"
            raise ConfigurationError(message) from None
        yield {
            "DBT_CLOUD_API_HOST": served.url,
            "DBT_CLOUD_SERVICE_TOKEN": account.TOKEN,
            "DBT_CLOUD_ACCOUNT_ID": str(account.ACCOUNT_ID),
            **sigma_story.sigma_settings(organization, served.url),
        }


def demo_account_id() -> int:
    """Tell which account's rows are the demo's."""
    from sigma_dbt_sync.demo.account import ACCOUNT_ID  # noqa: PLC0415 - see demo_account

    return ACCOUNT_ID


def anchor_file(settings: Settings) -> Path:
    """Name the file that keeps the demo's times the same from one sync to the next."""
    return settings.duckdb_path.parent / "demo_account.json"


def _serve_alone(variables: dict[str, str]) -> None:
    told_to_end = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        told_to_end.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    remarks().print("The demo account is served until Ctrl-C. In another terminal:", style="bold")
    for name, value in variables.items():
        typer.echo(f"export {name}={value}")
    told_to_end.wait()
