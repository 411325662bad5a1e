"""A PostgreSQL server of a test's own, from Debian's or anybody's server programs."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import free_port, running, wait_until

USER = "dagster"
PASSWORD = "for this test"
STARTS_WITHIN = 60.0
DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian and Ubuntu put server programs, a folder a version; they are not on the path."""


def programs() -> Path | None:
    """Find the folder of the server programs, of the newest version there is."""
    by_version = sorted(
        DEBIAN.glob("*/bin/initdb"), key=lambda found: float(found.parts[-3]), reverse=True
    )
    if by_version:
        return by_version[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def postgres(database: str = "dagster") -> Iterator[dict[str, str]]:
    """Run a server with one empty database; yield the variables that lead there.

    PostgreSQL refuses to run as root, so root runs it as nobody.
    """
    folder = programs()
    assert folder is not None, "skip the test where there are no programs"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="postgres-") as place:
        data, secret = Path(place) / "data", Path(place) / "password"
        secret.write_text(PASSWORD)
        _give_away(Path(place), secret)
        unprivileged = _unprivileged()
        initdb = [folder / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", "-E", "UTF8"]
        _done([*unprivileged, *initdb, "--no-sync", "--locale=C", f"--pwfile={secret}"])
        server = [
            *(folder / "postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1"),
            *("-c", "unix_socket_directories=", "-c", "fsync=off"),
        ]
        log = Path(place) / "log"
        fast = signal.SIGINT  # does not wait for clients to leave
        with running([*unprivileged, *server], os.environ, log, cwd=Path("/"), ended_by=fast):
            environment = {**os.environ, "PGPASSWORD": PASSWORD}
            address = ["-h", "127.0.0.1", "-p", str(port), "-U", USER]
            wait_until(
                lambda: (
                    not subprocess.run(
                        [folder / "pg_isready", *address], check=False, capture_output=True
                    ).returncode
                ),
                STARTS_WITHIN,
                otherwise=log.read_text,
            )
            _done([folder / "createdb", *address, database], environment)
            yield {
                "DAGSTER_PG_HOST": "127.0.0.1",
                "DAGSTER_PG_PORT": str(port),
                "DAGSTER_PG_USERNAME": USER,
                "DAGSTER_PG_PASSWORD": PASSWORD,
                "DAGSTER_PG_DB": database,
            }


def _unprivileged() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]


def _give_away(*paths: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in paths:
            os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _done(command: Sequence[object], environment: dict[str, str] | None = None) -> None:
    words = [str(word) for word in command]
    ended = subprocess.run(
        words, env=environment, cwd="/", check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
