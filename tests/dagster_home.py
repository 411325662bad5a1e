"""A Dagster of one's own: a home configured as ours, its storage, and its daemon as a process."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import dagster as dg

from tests.processes import ROOT, running

DAEMON = (Path(sys.executable).with_name("dagster-daemon"),)
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@contextmanager
def opened_home(folder: Path) -> Iterator[dg.DagsterInstance]:
    """Make the home and open it, before a daemon does: two must not create its storage at once."""
    folder.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder)
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
        instance.get_latest_materialization_event(dg.AssetKey("dbt_models"))
        yield instance


def daemon(
    home: Path,
    environment: Mapping[str, str],
    log: Path,
    *,
    command: Sequence[object] = DAEMON,
    workspace: Path = ROOT / "workspace.yaml",
    cwd: Path = ROOT,
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run dagster-daemon as a service does; it starts the code server that the workspace names."""
    return running(
        [*command, "run", "-w", workspace],
        {**environment, "DAGSTER_HOME": str(home)},
        log,
        cwd=cwd,
    )


def runs(
    instance: dg.DagsterInstance, *statuses: dg.DagsterRunStatus, job: str | None = None
) -> Sequence[dg.DagsterRun]:
    """Give the runs that are in one of these states, newest first."""
    return instance.get_runs(dg.RunsFilter(job_name=job, statuses=statuses))


def event_log_size(home: Path) -> tuple[int, int]:
    """Count the rows of the event log in SQLite, and its bytes, written to the files or not yet."""
    rows = size = 0
    for path in (home / "history" / "runs").glob("*.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            (events,) = con.execute("SELECT count(*) FROM event_logs").fetchone()
            (pages,) = con.execute("PRAGMA page_count").fetchone()
            (page_size,) = con.execute("PRAGMA page_size").fetchone()
        rows, size = rows + events, size + pages * page_size
    return rows, size
