"""The questions of `configure` about dbt Cloud: which host, which token, which account."""

from http import HTTPStatus

import typer
from rich.console import Console

from sigma_dbt_sync.cli.console import plain
from sigma_dbt_sync.cli.exits import end
from sigma_dbt_sync.dbt_cloud import open_client
from sigma_dbt_sync.errors import AccessDenied, ConfigurationError, NotFound
from sigma_dbt_sync.settings import Settings, load_settings


def ask_host(console: Console, present: Settings) -> str:
    """Ask for the access URL until it is one a token may be sent to."""
    console.print("Your access URL stands in dbt Cloud under Account settings.")
    while True:
        answer = typer.prompt("Access URL", default=present.dbt_cloud_api_host)
        try:
            return load_settings(dbt_cloud_api_host=answer).dbt_cloud_api_host
        except ConfigurationError as error:
            console.print(str(error), style="red", soft_wrap=True)


def ask_token(console: Console, present: Settings) -> str:
    """Ask for the token without showing it; an empty answer keeps the present one."""
    console.print("A service token with the permission Read-Only is enough, or a personal token.")
    held = present.dbt_cloud_service_token
    hint = " (Enter keeps the present one)" if held else ""
    while True:
        answer: str = typer.prompt(
            f"Token, not shown{hint}", hide_input=True, default="", show_default=False
        )
        token = answer.strip() or (held.get_secret_value() if held else "")
        if token:
            return token


def ask_account(console: Console, host: str, token: str) -> int:
    """Find the account the token sees; ask when there are several, or when it may not say.

    Raises:
        ServiceError: dbt Cloud refused the token, or did not answer.
    """
    settings = load_settings(
        dbt_cloud_api_host=host, dbt_cloud_service_token=token, dbt_cloud_account_id=None
    )
    try:
        with open_client(settings) as client:
            seen = client.accounts()
    except (AccessDenied, NotFound) as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise
        console.print("The token may not list accounts. Yours is the number after /accounts/ or")
        console.print("/deploy/ in dbt Cloud's address bar.")
        return int(typer.prompt("Account", type=int))
    if not seen:
        end("The token is accepted, but sees no account. Nothing was written.")
    if len(seen) == 1:
        return seen[0].id
    console.print("The token sees these accounts:")
    for account in seen:
        console.print(f"  {account.id}  {plain(account.name)}", soft_wrap=True)
    while True:
        chosen = int(typer.prompt("Account", type=int))
        if chosen in {account.id for account in seen}:
            return chosen
        console.print(f"{chosen} is not among them.", style="red")
