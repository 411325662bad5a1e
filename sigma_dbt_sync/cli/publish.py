"""`publish`: put the ready-made data model into Sigma, or print it for somebody who may."""

import json
from typing import Annotated, Any

import typer

from sigma_dbt_sync.cli.console import remarks, results
from sigma_dbt_sync.cli.exits import FAILED, WRONG_USE, end
from sigma_dbt_sync.cli.publish_report import as_json, print_plan, print_published
from sigma_dbt_sync.errors import AccessDenied, SyncError
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sigma import open_sigma
from sigma_dbt_sync.sync.data_model import Asked, plan_publication, printed, send
from sigma_dbt_sync.sync.data_model_choice import metadata_schema

_NEEDED = ("sigma_api_host", "sigma_client_id", "sigma_client_secret")
_PASTE = "The data model is printed for somebody who may publish it:"
_NEW = "POST /v2/dataModels/spec, or PUT /v2/dataModels/<id>/spec when it is there already"


def publish(
    *,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|ID",
            help="The data model to create or update (the one published before, or dbt metadata).",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|ID", help="Folder it lies in (My Documents).", show_default=False
        ),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|ID",
            help="Connection that reads the views (SIGMA_CONNECTION).",
            show_default=False,
        ),
    ] = None,
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring back what people removed from it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")
    ] = False,
    print_it: Annotated[
        bool, typer.Option("--print", help="Print it as JSON, to paste; change nothing.")
    ] = False,
    in_json: Annotated[
        bool, typer.Option("--json", help="Report as one JSON object, and nothing else.")
    ] = False,
) -> None:
    """Create or update the data model "dbt metadata" in Sigma, on the views that syncs make.

    What people changed, added or removed in Sigma stays. When the credentials may not publish, the
    model is printed as JSON, to be pasted by somebody who may.
    """
    settings = load_settings()
    asked = Asked(model=model, folder=folder, connection=connection, restore=restore)
    if print_it and (dry_run or in_json):
        end("--print goes with neither --dry-run nor --json.", WRONG_USE)
    if print_it:
        _print(_printable(settings, asked))
        return
    metadata_schema(settings)  # what is wrong here, nobody can paste either
    if unset := _unset(settings):
        _print(printed(None, settings, asked))
        how = f"set {', '.join(unset)}; sigma-dbt-sync configure asks"
        end(f"Sigma is not configured: {how}.\n{_PASTE} {_NEW}", WRONG_USE)
    with open_sigma(settings) as client:
        try:
            plan = plan_publication(client, settings, asked)
        except AccessDenied as refused:
            _print(printed(None, settings, asked))
            end(f"{refused}\n{_PASTE} {_NEW}")
        if dry_run:
            if in_json:
                _print(as_json(plan))
            else:
                print_plan(results(), plan)
            return
        try:
            published = send(client, settings, plan)
        except AccessDenied as refused:
            _print(plan.document)
            end(f"{refused}\n{_PASTE} {plan.request}")
    if in_json:
        _print(as_json(plan, published))
    else:
        print_published(results(), published)
    if published.broken:
        raise typer.Exit(FAILED)


def _printable(settings: Settings, asked: Asked) -> dict[str, Any]:
    """Write the model with the ids that Sigma gives, or with gaps when it cannot be asked."""
    if not _unset(settings):
        try:
            with open_sigma(settings) as client:
                return printed(client, settings, asked)
        except SyncError as error:
            remarks().print(f"Ids are left out. {error}", style="yellow", soft_wrap=True)
    return printed(None, settings, asked)


def _unset(settings: Settings) -> list[str]:
    return [name.upper() for name in _NEEDED if getattr(settings, name) is None]


def _print(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
