"""Programs that a test runs beside itself, each in a session of its own, ended by its handle."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENDS_WITHIN = 120.0  # as TimeoutStopSec of the systemd units


@contextmanager
def running(
    command: Sequence[object],
    environment: Mapping[str, str],
    log: Path,
    *,
    cwd: Path = ROOT,
    ended_by: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block runs; what it prints goes to `log`.

    It hears SIGINT, which a shell's background jobs ignore: Dagster answers SIGTERM as SIGINT.
    """
    with _sigint_heard(), log.open("ab") as written:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process, ended_by)


@contextmanager
def _sigint_heard() -> Iterator[None]:
    """Let a program that is started now hear SIGINT; only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end(process: subprocess.Popen[bytes], ended_by: signal.Signals = signal.SIGTERM) -> None:
    """End a program as a service manager does: ask, wait, then end what is left of its session."""
    if process.poll() is None:
        process.send_signal(ended_by)
    try:
        process.wait(ENDS_WITHIN)
    finally:
        with suppress(ProcessLookupError):  # nothing is left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(ENDS_WITHIN)


def free_port() -> int:
    """Find a port that nobody listens on; somebody else may take it before you do."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until(
    fulfilled: Callable[[], object], seconds: float, *, otherwise: Callable[[], str]
) -> None:
    """Ask again until the answer is true.

    Raises:
        AssertionError: it never was; `otherwise` says what there was to see instead.
    """
    deadline = time.monotonic() + seconds
    while not fulfilled():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.25)
