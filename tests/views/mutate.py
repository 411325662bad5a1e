"""Breaks each rule of each view, and tells which test notices; ends with 1 if none does.

    python -m tests.views.mutate [VIEW ...]

From the project's folder, where there is fork. All views take minutes, so it is no test itself. The
demo is synced once; each broken view is put into a copy. Only damaged syncs are made anew.
"""

import multiprocessing
import os
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest

from sigma_dbt_sync import sync
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.warehouse import views
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.views import conftest
from tests.views.mutations import Mutation, mutations

EMPTY = "empty.duckdb"
_FORK = multiprocessing.get_context("fork")
_ARGUMENTS = ("-q", "-x", "-p", "no:cacheprovider", "-W", "ignore:Module already imported")


class Broken:
    """Puts a broken view in place, and remembers the first test that fails."""

    def __init__(self, mutation: Mutation, folder: Path) -> None:
        self.first_failure: str | None = None
        whole = views.sql_folder() / "views" / f"{mutation.view}.sql"
        text = mutation.apply(whole.read_text(encoding="utf-8"))
        broken = views.parse_view(mutation.view, text)

        def take(made: str, path: Path) -> None:
            if not path.exists():
                shutil.copy(folder / made, path)
            with duckdb.connect(path) as con:
                con.execute("SET schema = 'dbt_metadata'")
                con.execute(f"CREATE OR REPLACE VIEW {broken.name} AS {broken.sql}")

        def migrate(warehouse: DuckDB) -> list[str]:
            take(EMPTY, Path(warehouse.target.removeprefix("duckdb:")))
            return []

        def synced(settings: Settings, **_: Any) -> None:
            take(conftest.WAREHOUSE, settings.duckdb_path)

        DuckDB.migrate = migrate
        if mutation.view != "sync_health":
            sync.run_sync = synced

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the first failure."""
        if report.failed and self.first_failure is None:
            self.first_failure = report.nodeid.rpartition("::")[2]


def noticed_by(mutation: Mutation, folder: Path) -> str | None:
    """Name the first test that fails when the rule is broken."""
    told, tells = _FORK.Pipe(duplex=False)
    child = _FORK.Process(target=_run, args=(mutation, folder, tells))
    child.start()
    tells.close()
    code, failure = told.recv()
    child.join()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"pytest did not run for {mutation}: {code}")
    return failure


def _run(mutation: Mutation, folder: Path, tells: Any) -> None:
    broken = Broken(mutation, folder)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        code = pytest.main([*_ARGUMENTS, *mutation.tests], plugins=[broken])
    tells.send((code, broken.first_failure))


def _prepare(folder: Path) -> None:
    conftest.sync_demo(conftest.demo_account(), folder)
    empty = DuckDB(folder / EMPTY)
    empty.migrate()
    empty.close()


def main(wanted: list[str]) -> int:
    """Break what is wanted, or everything; print a table."""
    tell = sys.stdout.write
    survivors = 0
    with TemporaryDirectory() as folder:
        preparing = _FORK.Process(target=_prepare, args=(Path(folder),))
        preparing.start()
        preparing.join()
        tell("| view | rule broken | noticed by |\n|---|---|---|\n")
        for mutation in mutations():
            if not wanted or mutation.view in wanted:
                noticed = noticed_by(mutation, Path(folder))
                survivors += noticed is None
                tell(f"| {mutation.view} | {mutation.rule} | {noticed or 'NOTHING'} |\n")
                sys.stdout.flush()
    return min(survivors, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
