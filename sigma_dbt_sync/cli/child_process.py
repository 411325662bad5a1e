"""Runs one command as a child that gets our signals, and whose exit code becomes ours."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from sigma_dbt_sync.errors import ConfigurationError

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BY_SIGNAL = 128  # what a shell adds to the number of the signal that ended a command


def run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run `command` with `variables` added to its environment; return its exit code.

    Raises:
        ConfigurationError: there is no such command.
    """
    environment = {**os.environ, **variables}  # noqa: TID251 - a child inherits what we were given
    started: list[subprocess.Popen[bytes]] = []
    arrived: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and _shares_terminal():
            return  # Ctrl-C reached the child already
        arrived.append(number)
        for child in started:
            child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        child = subprocess.Popen([_program(command[0]), *command[1:]], env=environment)  # noqa: S603 - running what the person typed is the purpose
        started.append(child)
        for number in arrived:
            child.send_signal(number)
        code = child.wait()
    except OSError as error:
        message = f"{command[0]} cannot be run: {error.strerror}."
        raise ConfigurationError(message) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else _BY_SIGNAL - code


def _program(name: str) -> str:
    """Find a program on the path, else beside this one: a virtual environment may be inactive."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(name) or shutil.which(name, path=beside) or name


def _shares_terminal() -> bool:
    """Whether the terminal sends its signals to us, and so to our child as well."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # no terminal, or no standard input
        return False
