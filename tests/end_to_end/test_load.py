"""Loading: everything once, whatever happens in between, and nothing when nothing is new."""

import random
import sys
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.demo.account import ACCOUNT_ID
from sigma_dbt_sync.errors import ArchiveError, WarehouseError
from sigma_dbt_sync.sync import load
from sigma_dbt_sync.warehouse.base import Batch
from sigma_dbt_sync.warehouse.duckdb import DuckDB

NOW = datetime(2027, 3, 9, 7, 45, tzinfo=UTC)


class Breaking(DuckDB):
    """A warehouse that breaks down after so many batches."""

    def __init__(self, path, *, after):
        super().__init__(path)
        self.left = after

    def publish(self, batch):
        if not self.left:
            raise WarehouseError("the power is gone")
        self.left -= 1
        return super().publish(batch)


class Contested(DuckDB):
    """A warehouse into which somebody else publishes whenever we are about to."""

    def __init__(self, path, *, times):
        super().__init__(path)
        self.times = times
        self.planned = 0

    def publish(self, batch):
        self.planned += 1
        if self.times:
            self.times -= 1
            super().publish(Batch("somebody else", self.identity().generation, ()))
        return super().publish(batch)


@pytest.fixture
def archive(synced):
    return Archive(synced.settings().archive_url, ACCOUNT_ID)


def load_into(warehouse, archive, **options):
    try:
        return load(archive, warehouse, sync_id="test", clock=lambda: NOW, **options)
    finally:
        warehouse.close()


def test_a_second_sync_finds_nothing_new_asks_three_times_at_most_and_connects_to_nothing(
    deployment,
):
    deployment.sync()
    before = deployment.contents()
    deployment.later(minutes=15)
    del deployment.server.requests[:]
    again = deployment.sync()
    assert again.is_nothing_new
    assert not again.loaded.connected
    assert len(deployment.server.requests) <= 3
    assert deployment.contents() == before


def test_a_deleted_database_is_made_again_from_the_archive_without_asking_for_artifacts(deployment):
    deployment.sync()
    before = deployment.contents(progress=False)
    (deployment.folder / "warehouse.duckdb").unlink()
    del deployment.server.requests[:]
    deployment.later(minutes=1)
    deployment.sync()
    assert deployment.contents(progress=False) == before
    assert not [r for r in deployment.server.requests if "artifacts" in r.path]


def test_a_load_cut_off_in_a_new_database_is_not_mistaken_for_the_old_one(deployment, monkeypatch):
    """The old database was fully loaded; of the new one there is only an empty file."""
    deployment.sync()
    before = deployment.contents(progress=False)
    (deployment.folder / "warehouse.duckdb").unlink()
    with monkeypatch.context() as broken:
        broken.setattr(DuckDB, "publish", Breaking.publish)
        broken.setattr(DuckDB, "left", 0, raising=False)
        with pytest.raises(WarehouseError, match="the power is gone"):
            deployment.sync()
    deployment.sync()
    assert deployment.contents(progress=False) == before


def test_another_database_gets_everything_there_is(deployment):
    deployment.sync()
    other = deployment.folder / "other.duckdb"
    deployment.sync(duckdb_path=other)
    assert deployment.contents(other, progress=False) == deployment.contents(progress=False)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_size_of_batches_does_not_matter(synced, archive, tmp_path, size):
    path = tmp_path / "batches.duckdb"
    synced.begin(path)
    load_into(DuckDB(path), archive, runs_per_batch=size)
    assert synced.contents(path) == synced.contents()


@pytest.mark.parametrize("seed", range(6))
def test_the_order_in_which_runs_arrive_does_not_matter(synced, archive, tmp_path, seed):
    """Runs overlap and finish out of order, history is backfilled, artifacts come late."""
    path = tmp_path / "shuffled.duckdb"
    synced.begin(path)
    refs = list(archive.entries().values())
    random.Random(seed).shuffle(refs)
    arrived = {}
    everything = archive.entries
    while refs:
        for ref in [refs.pop() for _ in range(min(len(refs), 1 + seed % 3))]:
            arrived[ref.run_id] = ref
        archive.entries = lambda: dict(arrived)
        load_into(DuckDB(path), archive)
    archive.entries = everything
    assert synced.contents(path) == synced.contents()


@pytest.mark.parametrize("batches", [0, 1, 3, 6])
def test_a_load_that_broke_down_is_finished_by_the_next(synced, archive, tmp_path, batches):
    path = tmp_path / "broken.duckdb"
    synced.begin(path)
    with pytest.raises(WarehouseError, match="the power is gone"):
        load_into(Breaking(path, after=batches), archive, runs_per_batch=2)
    load_into(DuckDB(path), archive, runs_per_batch=3)
    assert synced.contents(path) == synced.contents()


def test_a_batch_is_planned_again_when_somebody_else_published_in_between(
    synced, archive, tmp_path
):
    path = tmp_path / "contested.duckdb"
    synced.begin(path)
    warehouse = Contested(path, times=2)
    load_into(warehouse, archive, runs_per_batch=5)
    assert warehouse.planned > 3
    assert synced.contents(path) == synced.contents()


def test_another_version_makes_the_current_rows_anew(deployment, monkeypatch):
    """Else what it adds to a row would be missing until the node is edited."""
    deployment.sync()
    before = deployment.contents()
    with duckdb.connect(deployment.folder / "warehouse.duckdb") as con:
        con.execute("UPDATE dbt_metadata.dbt_models SET owner = 'old', row_hash = 'old'")
        con.execute("DELETE FROM dbt_metadata.dbt_node_tags")
    deployment.sync()
    assert deployment.contents() != before
    monkeypatch.setattr(sys.modules["sigma_dbt_sync.sync.load"], "__version__", "9.9.9")
    monkeypatch.setattr("sigma_dbt_sync.sync.upgrade.__version__", "9.9.9")
    deployment.sync()

    assert deployment.contents() == before
    assert not deployment.sync().loaded.connected


def test_rebuilding_gives_the_same_tables(deployment):
    deployment.sync()
    before = deployment.contents()
    deployment.account.finish(deployment.account.run("running").id)
    deployment.later(minutes=10)
    deployment.sync()
    incremental = deployment.contents()
    assert incremental != before
    report = deployment.sync(rebuild=True)
    assert deployment.contents() == incremental
    assert report.loaded.runs_loaded == len(deployment.account.runs)


def test_a_rebuild_that_would_lose_runs_is_refused(deployment):
    deployment.sync()
    before = deployment.contents()
    archive = Archive(deployment.settings().archive_url, ACCOUNT_ID)
    forgotten = archive.prune(before=NOW - timedelta(days=1))
    assert forgotten

    with pytest.raises(ArchiveError, match=f"holds {forgotten} runs that the archive"):
        deployment.sync(rebuild=True)
    assert deployment.contents() == before


def test_a_rebuild_that_broke_down_is_finished_by_the_next_sync(deployment, monkeypatch):
    deployment.sync()
    before = deployment.contents()
    with monkeypatch.context() as broken:
        broken.setattr(DuckDB, "publish", Breaking.publish)
        broken.setattr(DuckDB, "left", 0, raising=False)
        with pytest.raises(WarehouseError, match="the power is gone"):
            deployment.sync(rebuild=True)
    deployment.sync()
    assert deployment.contents() == before


def test_an_artifact_that_comes_an_hour_late_is_loaded(deployment):
    late = deployment.account.run("tonight").id
    deployment.account.hide_artifacts(late, 5)
    deployment.sync()
    assert deployment.query("SELECT artifact_state FROM dbt_runs WHERE run_id = ?", late) == [
        ("pending",)
    ]
    assert deployment.query("SELECT count(*) FROM dbt_node_executions WHERE run_id = ?", late) == [
        (0,)
    ]
    deployment.account.show_artifacts(late)
    deployment.later(hours=1)
    deployment.sync()
    assert deployment.query("SELECT artifact_state FROM dbt_runs WHERE run_id = ?", late) == [
        ("complete",)
    ]
    ((executions,),) = deployment.query(
        "SELECT count(*) FROM dbt_node_executions WHERE run_id = ?", late
    )
    assert executions > 0


def test_a_run_created_and_cancelled_between_two_syncs_is_found(deployment):
    deployment.sync()
    created = deployment.now.replace(minute=40)
    cancelled = deployment.account.add_run("cancelled_in_queue", created_at=created)
    deployment.later(minutes=30)
    deployment.sync()
    assert deployment.query("SELECT status FROM dbt_runs WHERE run_id = ?", cancelled.id) == [
        ("cancelled",)
    ]


def test_an_open_run_is_shown_and_then_finished(deployment):
    running = deployment.account.run("running")
    deployment.sync()
    status = "SELECT status, finished_at IS NULL FROM dbt_runs WHERE run_id = ?"
    assert deployment.query(status, running.id) == [("running", True)]
    deployment.account.finish(running.id)
    deployment.later(minutes=10)
    deployment.sync()
    assert deployment.query(status, running.id) == [("success", False)]


def test_a_damaged_artifact_is_named_and_the_rest_is_loaded(deployment):
    page = b"<html>Bad gateway</html>"
    damaged = deployment.account.run("tonight").id
    deployment.account.replace_artifact(damaged, 5, "run_results.json", page)
    report = deployment.sync()
    ((state, reason),) = deployment.query(
        "SELECT state, reason FROM sync_artifacts "
        "WHERE run_id = ? AND step_index = 5 AND artifact = 'run_results'",
        damaged,
    )
    assert state == "unreadable"
    assert "not valid JSON" in reason
    assert any(str(damaged) in warning for warning in report.warnings)
    ((others,),) = deployment.query("SELECT count(DISTINCT run_id) FROM dbt_node_executions")
    assert others > 5


def test_every_artifact_found_has_its_row(deployment):
    report = deployment.sync()
    states = dict(deployment.query("SELECT state, count(*) FROM sync_artifacts GROUP BY state"))
    assert states["found"] == report.extracted.artifacts_found
    assert "unreadable" not in states
