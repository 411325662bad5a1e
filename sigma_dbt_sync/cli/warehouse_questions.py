"""The questions of `configure` about the warehouse: a DuckDB file, or Snowflake."""

from pathlib import Path

import typer
from pydantic import SecretStr
from rich.console import Console

from sigma_dbt_sync.settings import Settings

_SNOWFLAKE = "snowflake"
_NO_KEY = "token"
_PARTS = ("account", "user", "role", "warehouse", "database", "schema")


def ask_warehouse(console: Console, present: Settings) -> dict[str, str]:
    """Ask where the tables go: one answer is enough for a file."""
    is_snowflake = present.warehouse == _SNOWFLAKE
    default = _SNOWFLAKE if is_snowflake else str(present.duckdb_path)
    answer = str(typer.prompt("DuckDB file, or snowflake", default=default)).strip()
    if answer.lower() != _SNOWFLAKE:
        return {"WAREHOUSE": "duckdb", "DUCKDB_PATH": answer}
    console.print("docs/snowflake.md makes the role, the user and its key, and has more ways to")
    console.print("log in than a key or a programmatic access token.")
    return {"WAREHOUSE": _SNOWFLAKE, **_snowflake(console, present)}


def _snowflake(console: Console, present: Settings) -> dict[str, str]:
    answers = {
        f"SNOWFLAKE_{part.upper()}": str(
            typer.prompt(part.capitalize(), default=getattr(present, f"snowflake_{part}"))
        ).strip()
        for part in _PARTS
    }
    return answers | _login(console, present)


def _login(console: Console, present: Settings) -> dict[str, str]:
    """Ask for a key file until there is one, or for a token."""
    default = present.snowflake_private_key_file or (_NO_KEY if present.snowflake_token else None)
    while True:
        answer = str(typer.prompt("Private key file, or token", default=default)).strip()
        if answer.lower() == _NO_KEY:
            return {
                "SNOWFLAKE_AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN",
                "SNOWFLAKE_TOKEN": _hidden("Programmatic access token", present.snowflake_token),
            }
        path = Path(answer).expanduser()
        if path.is_file():
            break
        console.print(f"There is no file {path}.", style="red", soft_wrap=True)
    password = _hidden("Password of the key", present.snowflake_private_key_password, needed=False)
    return {
        "SNOWFLAKE_AUTHENTICATOR": "SNOWFLAKE_JWT",
        "SNOWFLAKE_PRIVATE_KEY_FILE": str(path.resolve()),
        **({"SNOWFLAKE_PRIVATE_KEY_PASSWORD": password} if password else {}),
    }


def _hidden(what: str, held: SecretStr | None, *, needed: bool = True) -> str:
    """Ask without showing; an empty answer keeps the present one."""
    hint = " (Enter keeps the present one)" if held else "" if needed else " (Enter: none)"
    while True:
        answer: str = typer.prompt(
            f"{what}, not shown{hint}", hide_input=True, default="", show_default=False
        )
        secret = answer.strip() or (held.get_secret_value() if held else "")
        if secret or not needed:
            return secret
