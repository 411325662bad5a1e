"""The questions of `configure` about Sigma: which host, which credentials, which connection."""

import typer
from rich.console import Console

from sigma_dbt_sync.cli.console import plain
from sigma_dbt_sync.errors import ConfigurationError, NotFound
from sigma_dbt_sync.settings import Settings, connections_by_project, load_settings
from sigma_dbt_sync.sigma import SigmaClient, open_sigma

_DEFAULT_HOST = "https://api.sigmacomputing.com"


def ask_sigma(console: Console, present: Settings) -> dict[str, str]:
    """Ask how to reach Sigma and find the connection; nothing, when it is not wanted.

    Raises:
        ServiceError: Sigma refused the credentials, or did not answer.
    """
    console.print("When dbt writes new descriptions into the warehouse, Sigma can be told to sync")
    console.print("those tables. That takes credentials of its API.")
    if not typer.confirm("Tell Sigma?", default=present.sends_to_sigma):
        return {}
    console.print("Host and credentials stand in Sigma under Administration, Developer Access.")
    answers = {
        "SIGMA_API_HOST": _ask_host(console, present),
        "SIGMA_CLIENT_ID": _ask_client_id(present),
        "SIGMA_CLIENT_SECRET": _ask_secret(present),
    }
    settings = load_settings(**{name.lower(): value for name, value in answers.items()})
    with open_sigma(settings) as client:
        return answers | {"SIGMA_CONNECTION": _ask_connection(console, client, present)}


def _ask_host(console: Console, present: Settings) -> str:
    while True:
        answer = typer.prompt("API base URL", default=present.sigma_api_host or _DEFAULT_HOST)
        try:
            host = load_settings(sigma_api_host=answer).sigma_api_host
        except ConfigurationError as error:
            console.print(str(error), style="red", soft_wrap=True)
        else:
            if host:
                return host


def _ask_client_id(present: Settings) -> str:
    return str(typer.prompt("Client ID", default=present.sigma_client_id)).strip()


def _ask_secret(present: Settings) -> str:
    held = present.sigma_client_secret
    hint = " (Enter keeps the present one)" if held else ""
    while True:
        answer: str = typer.prompt(
            f"Secret, not shown{hint}", hide_input=True, default="", show_default=False
        )
        secret = answer.strip() or (held.get_secret_value() if held else "")
        if secret:
            return secret


def _ask_connection(console: Console, client: SigmaClient, present: Settings) -> str:
    """Offer the connections until an answer names one, or one for each project it names."""
    known = client.connections()
    console.print("Which connection shows the tables that dbt builds? When projects build in")
    console.print("different warehouses, answer project_id=name,project_id=name.")
    for one in known:
        console.print(f"  {plain(one.name)}  ({plain(one.type)})", soft_wrap=True)
    default = present.sigma_connection or (known[0].name if len(known) == 1 else None)
    while True:
        answer = str(typer.prompt("Connection", default=default)).strip()
        try:
            for name in connections_by_project(answer).values():
                client.connection(name)
        except (ConfigurationError, NotFound, ValueError) as error:
            console.print(plain(str(error)), style="red", soft_wrap=True)
        else:
            return answer
