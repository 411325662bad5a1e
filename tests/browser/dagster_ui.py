"""Dagster as `make ui` starts it: the demo account served, the UI and the daemon around it."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sigma_dbt_sync.settings import Settings
from tests.processes import ROOT, free_port, running, wait_until
from tests.web_server import WebServer

BIN = Path(sys.executable).parent
STARTS_WITHIN = 180.0
RUN_ENDS_WITHIN = 240.0
OVER = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass(frozen=True)
class DagsterUi(WebServer):
    """A running Dagster, and what it printed."""

    log: Path

    def run(self, job: str) -> str:
        """Run a job to its end; say how it ended."""
        return self.end_of(self.launch(job))

    def end_of(self, run_id: str) -> str:
        """Wait until a run is over; say how it ended."""
        wait_until(
            lambda: self.status(run_id) in OVER,
            RUN_ENDS_WITHIN,
            otherwise=lambda: f"run {run_id} is {self.status(run_id)}\n{self.log.read_text()}",
        )
        return self.status(run_id)


@contextmanager
def dagster_ui(folder: Path) -> Iterator[DagsterUi]:
    """Serve the demo account and Dagster around it, with everything it writes below `folder`."""
    home = folder / "dagster_home"
    home.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", home)
    port = free_port()
    ui = DagsterUi(f"http://127.0.0.1:{port}", folder / "log")
    ours = {name.upper() for name in Settings.model_fields}
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "DAGSTER_HOME": str(home),
        "DAGSTER_WEBSERVER_URL": ui.url,
        "DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        "ARCHIVE_URL": str(folder / "archive"),
        "SYNC_CRON": "0 5 * * *",  # on, and mostly out of the way
    }
    dev = [BIN / "dagster", "dev", "-w", ROOT / "workspace.yaml", "-h", "127.0.0.1", "-p", port]
    command = [BIN / "sigma-dbt-sync", "demo", "serve", "--", *dev]
    with running(command, environment, ui.log) as process:
        wait_until(
            lambda: ui.answers() or process.poll() is not None,
            STARTS_WITHIN,
            otherwise=ui.log.read_text,
        )
        assert process.poll() is None, ui.log.read_text()
        yield ui
