"""How a command ends: 0 done, 1 failed, 2 wrong use or configuration.

The one place that turns an error into an exit code and a message, without a traceback.
"""

from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from sigma_dbt_sync.cli.console import plain, remarks
from sigma_dbt_sync.errors import ConfigurationError, SyncError

FAILED = 1
WRONG_USE = 2


class Commands(TyperGroup):
    """The commands; an error of ours in any of them ends the process with its code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that `ctx` names."""
        try:
            return super().invoke(ctx)
        except SyncError as error:
            message = str(error)
            if error.retryable:
                message += "\nThe same command may succeed later."
            end(message, WRONG_USE if isinstance(error, ConfigurationError) else FAILED)


def end(message: str, code: int = FAILED) -> NoReturn:
    """Say why on standard error, and end with `code`."""
    remarks().print(plain(message), style="red", soft_wrap=True)
    raise typer.Exit(code)
