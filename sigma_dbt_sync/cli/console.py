"""Where words go: results to standard output, progress and remarks to standard error.

Nothing here reads markup: texts come from dbt projects, and `[bold]` in a description is a text.
"""

import sys
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from sigma_dbt_sync.sync import Progress as Told
from sigma_dbt_sync.sync import silent

_WIDE = 160  # columns when nobody's terminal sets a limit, so that tables keep their texts
_LONG_WAIT = 2.0  # seconds
_KEPT = frozenset("\n\t")

HEALTH_STYLES = {
    "failing": "bold red",
    "warning": "yellow",
    "healthy": "green",
    "unknown": "dim",
}


def results() -> Console:
    """Open standard output; wide when it is no terminal."""
    return _console(stderr=False)


def remarks() -> Console:
    """Open standard error."""
    return _console(stderr=True)


def plain(text: str) -> str:
    """Drop control characters, which could drive the terminal that shows them."""
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) != "Cc")


def counted(number: int, thing: str) -> str:
    """Write a number of things."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def survive_any_encoding() -> None:
    """Print a question mark for what the output's encoding lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def remark_on_waits() -> None:
    """Say on standard error why a command waits before it tries again.

    By default stamina writes that to standard output, in the middle of a report in JSON.
    """

    def remark(details: RetryDetails) -> None:
        if details.wait_for >= _LONG_WAIT:
            seconds = f"{details.wait_for:.0f} s"
            remarks().print(f"{plain(str(details.caused_by))} Again in {seconds}.", style="dim")

    set_on_retry_hooks([remark])


@contextmanager
def progress_bars() -> Generator[Told]:
    """Draw a bar a stage on a terminal, and nothing elsewhere; gone when the block ends."""
    console = remarks()
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield tell


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console
