"""Runs dbt commands as the steps of one job run, in a checkout of their own.

The checkout lives as long as the run, so that dbt finds the target folder of the step before, as
in dbt Cloud. What dbt wrote is read back with the place of the checkout replaced by a neutral one,
otherwise untouched.
"""

import hashlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sigma_dbt_sync.demo.plot import CANCELLED, ERROR, SUCCESS

NEUTRAL_PLACE = "/usr/src/dbt/shop"
_CLOCK = re.compile(r"^\d\d:\d\d:\d\d {1,2}", re.MULTILINE)
_MOST_LOG_LINES = 40
_SECONDS_UNTIL_CANCEL = 1.5  # long enough for the query to have started


@dataclass(frozen=True, slots=True)
class Ended:
    """How one command ended."""

    status: int
    started_at: datetime
    finished_at: datetime
    logs: str


class Checkout:
    """One state of the project on disk; `git_sha` names it with forty digits, as git would."""

    def __init__(self, place: Path, *, project: Path, changes: list[Path]) -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(project, place)
        for folder in changes:
            shutil.copytree(folder, place, dirs_exist_ok=True)
        self.place = place
        self.git_sha = _digest(place)

    def run(
        self, dbt: Path, command: str, *, env: Mapping[str, str], cancel_when: str | None = None
    ) -> Ended:
        """Run `command`; interrupt it soon after a log line that contains `cancel_when`."""
        started_at = wall_clock()
        log: list[str] = []
        cancelled = False
        with (
            _hearing_interrupts(),
            subprocess.Popen(  # noqa: S603 - the commands are those of plot.py
                [dbt, *command.split()[1:]],
                cwd=self.place,
                env=dict(env),
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            for line in process.stdout or ():
                log.append(line)
                if cancel_when and cancel_when in line:
                    time.sleep(_SECONDS_UNTIL_CANCEL)
                    process.send_signal(signal.SIGINT)
                    cancelled = True
        failed = ERROR if process.returncode else SUCCESS
        return Ended(CANCELLED if cancelled else failed, started_at, wall_clock(), self._tidy(log))

    def artifacts(self) -> dict[str, bytes]:
        """Read the JSON files at the top of the target folder."""
        return {
            path.name: self._neutral(path.read_bytes())
            for path in sorted((self.place / "target").glob("*.json"))
        }

    def _tidy(self, log: list[str]) -> str:
        told = "".join(log).partition("Traceback (most recent call last)")[0]
        last = "".join(told.splitlines(keepends=True)[-_MOST_LOG_LINES:])
        return _CLOCK.sub("", self._neutral(last.encode()).decode())

    def _neutral(self, content: bytes) -> bytes:
        return content.replace(str(self.place).encode(), NEUTRAL_PLACE.encode())


@contextmanager
def _hearing_interrupts() -> Generator[None, None, None]:
    """Undo, for commands started inside, that a shell makes background commands ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _digest(place: Path) -> str:
    files = sorted(path for path in place.rglob("*") if path.is_file())
    text = b"".join(str(path.relative_to(place)).encode() + path.read_bytes() for path in files)
    return hashlib.sha256(text).hexdigest()[:40]


def wall_clock() -> datetime:
    """Read the time; nothing else in this package does, but for `serve.py`'s callers."""
    return datetime.now(UTC)  # noqa: TID251 - a recording is made of wall-clock times
