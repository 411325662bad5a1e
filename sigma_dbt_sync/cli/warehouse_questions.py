"""The questions of `configure` about the warehouse: a DuckDB file, or Snowflake."""

from pathlib import Path

import typer
from rich.console import Console

from sigma_dbt_sync.settings import Settings

_SNOWFLAKE = "snowflake"
_PARTS = ("account", "user", "role", "warehouse", "database", "schema")


def ask_warehouse(console: Console, present: Settings) -> dict[str, str]:
    """Ask where the tables go: one answer is enough for a file."""
    is_snowflake = present.warehouse == _SNOWFLAKE
    default = _SNOWFLAKE if is_snowflake else str(present.duckdb_path)
    answer = str(typer.prompt("DuckDB file, or snowflake", default=default)).strip()
    if answer.lower() != _SNOWFLAKE:
        return {"WAREHOUSE": "duckdb", "DUCKDB_PATH": answer}
    console.print("docs/snowflake.md makes the role, the user and its key.")
    return {"WAREHOUSE": _SNOWFLAKE, **_snowflake(console, present)}


def _snowflake(console: Console, present: Settings) -> dict[str, str]:
    answers = {
        f"SNOWFLAKE_{part.upper()}": str(
            typer.prompt(part.capitalize(), default=getattr(present, f"snowflake_{part}"))
        ).strip()
        for part in _PARTS
    }
    while True:
        path = Path(
            typer.prompt("Private key file", default=present.snowflake_private_key_file)
        ).expanduser()
        if path.is_file():
            break
        console.print(f"There is no file {path}.", style="red", soft_wrap=True)
    answers["SNOWFLAKE_PRIVATE_KEY_FILE"] = str(path.resolve())
    password = typer.prompt(
        "Password of the key, not shown (Enter: none, or the present one)",
        hide_input=True,
        default="",
        show_default=False,
    )
    return answers | ({"SNOWFLAKE_PRIVATE_KEY_PASSWORD": password} if password else {})
