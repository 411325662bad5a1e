"""A deployment whose dbt Cloud account holds the recorded runs of the library, as a test likes."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.plot import RUNNING
from sigma_dbt_sync.demo.runs import Run
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings
from tests.end_to_end.conftest import NOW, Deployment
from tests.real_runs.record import FOLDER

STORY = {told.name: told for told in read_story(FOLDER)}
_FIRST_RUN_ID = 70403104500000
BOOKKEEPING = {"sync_loads", "sync_artifacts"}
DELIVERY = {"dbt_doc_changes", "dbt_doc_baselines", "sigma_table_syncs"}


class Library(Deployment):
    """Lets recorded runs happen when a test wants them to."""

    def happen(self, name, *, status=None, **ago):
        """Let a run happen that long ago; run ids ascend with the order of the calls."""
        told = STORY[name]
        run_id = _FIRST_RUN_ID + len(self.account.runs) * 1013
        told_status = told.status if status is None else status
        run = Run(run_id, told, NOW - timedelta(**ago), told_status, folder=FOLDER)
        self.account.runs[run.id] = run
        return run

    def happen_together(self, *names, **ago):
        """Let runs happen that overlap as they did; the one that began first, that long ago."""
        began = min(STORY[name].created_at for name in names)
        runs = [self.happen(name, **ago) for name in names]
        for run in runs:
            run.created_at += run.recording.created_at - began
        return runs

    def go_on(self, run):
        """Show a run as running."""
        self.account.change_status(run.id, RUNNING)

    def facts(self, *, path=None, without=BOOKKEEPING | DELIVERY):
        """All rows that dbt's runs decide; those of bookkeeping and delivery depend on us too."""
        return {name: rows for name, rows in self.contents(path).items() if name not in without}

    def description(self, table, name):
        """Description of one current relation; None when there is none of that name."""
        sql = f"SELECT description FROM {table} WHERE name = ?"
        return next((text for (text,) in self.query(sql, name)), None)

    def names(self, table):
        return {name for (name,) in self.query(f"SELECT name FROM {table}")}

    def versions(self, name):
        """Changes of a relation's definition, oldest first: kind, and by which run."""
        sql = (
            "SELECT change_kind, run_id FROM dbt_node_versions WHERE name = ? "
            "ORDER BY valid_from, unique_id"
        )
        return self.query(sql, name)

    def status(self, name):
        """Run and status of a node's last attempt."""
        sql = (
            "SELECT attempt_run_id, attempt_status FROM dbt_node_status "
            "WHERE unique_id LIKE '%.library.' || ?"
        )
        return self.query(sql, name)[0]


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def new_library(tmp_path):
    """Makes further deployments beside the one of the test, each with an empty account."""

    @contextmanager
    def make(folder):
        account = Account([], anchor=NOW)
        place = tmp_path / folder
        place.mkdir()
        with serve.running(account) as server:
            yield Library(place, server, account)

    return make


@pytest.fixture
def library(new_library):
    with new_library("library") as made:
        yield made
