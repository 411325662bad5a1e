"""A Snowflake account for a test: starts the server, hands out settings, reads what was asked."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sigma_dbt_sync.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]


class Account:
    """A running server, seen by a test."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._canned: list[dict[str, Any]] = []

    def settings(self, database: str, **others: Any) -> Settings:
        """Make settings that lead here; every database name is an account of its own."""
        chosen = {
            "warehouse": "snowflake",
            "snowflake_account": "test",
            "snowflake_user": "SYNC",
            "snowflake_token": "token",
            "snowflake_host": "127.0.0.1",
            "snowflake_port": self.port,
            "snowflake_protocol": "http",
            "snowflake_database": database,
            "snowflake_role": "WRITER",
            "snowflake_warehouse": "WH",
        }
        return load_settings(_env_file=None, **{**chosen, **others})

    def log(self) -> list[dict[str, Any]]:
        """Take everything that came in since the last time."""
        return self._post("/test/log", None)

    def statements(self) -> list[str]:
        """Take the statements that came in since the last time."""
        return [entry["sql"] for entry in self.log() if entry["kind"] == "statement"]

    def refuse(
        self,
        kind: str,
        pattern: str,
        *,
        code: str | None = "100000",
        message: str = "no",
        skip: int = 0,
        times: int = 1,
    ) -> None:
        """Refuse a login or statement whose text matches, after `skip` of them.

        Without a code it is not even answered.
        """
        fault = {"kind": kind, "pattern": pattern, "code": code, "message": message}
        self._post("/test/faults", [{**fault, "skip": skip, "times": times}])

    def answer(self, pattern: str, *rows: dict[str, Any]) -> None:
        """Answer statements whose text matches with these rows, until `forget`."""
        self._canned.append(
            {
                "pattern": pattern,
                "names": list(rows[0]),
                "rows": [list(row.values()) for row in rows],
            }
        )
        self._post("/test/canned", self._canned)

    def admit(self, *, public_key: str = "", token: str = "", roles: Sequence[str] = ()) -> None:
        """Let only this user log in, until `forget`."""
        known = {"public_key": public_key, "token": token, "roles": list(roles)}
        self._post("/test/gatekeeper", known)

    def forget(self) -> None:
        """Refuse nothing any more, admit everybody, know no answers, and empty the log."""
        self._canned.clear()
        self._post("/test/canned", [])
        self._post("/test/faults", [])
        self._post("/test/gatekeeper", None)
        self.log()

    def _post(self, path: str, content: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=json.dumps(content).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def running() -> Iterator[Account]:
    """Serve while the block runs."""
    command = [sys.executable, "-m", "tests.snowflake.server"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Account(int(process.stdout.readline()))
        finally:
            process.terminate()
