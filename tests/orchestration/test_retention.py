"""Old runs are forgotten with all they left on disk; what is known of assets stays."""

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from sigma_dbt_sync.orchestration import clock, retention
from sigma_dbt_sync.orchestration.dbt_news import NOTHING_NEW
from sigma_dbt_sync.orchestration.resources import SyncSettings

OURS, OTHERS = "__repository__@sigma_dbt_sync", "__repository__@of_others"
KEY = dg.AssetKey("dbt_models")


@pytest.fixture
def instance():
    with dg.instance_for_test() as instance:
        yield instance


def ran(instance, location: str = OURS, **tags: str) -> str:
    @dg.asset(name="dbt_models")
    def table():
        return dg.MaterializeResult(metadata={"rows": 7})

    job = dg.Definitions(assets=[table]).resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(
        instance=instance, tags={retention.CODE_LOCATION: location, **tags}
    )
    return done.run_id


def clean(instance, location: str | None = OURS) -> int:
    job = dg.Definitions(
        jobs=[retention.dagster_run_retention], resources={"sync_settings": SyncSettings()}
    ).resolve_job_def("dagster_run_retention")
    tags = {retention.CODE_LOCATION: location} if location else {}
    return job.execute_in_process(instance=instance, tags=tags).output_for_node("delete_old_runs")


def days_pass(monkeypatch, days: int) -> None:
    later = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: later)


def left_on_disk(instance, run_id: str) -> list[Path]:
    return [path for path in Path(instance.root_directory).rglob("*") if run_id in path.name]


def test_an_old_run_leaves_nothing_behind(instance, environment, monkeypatch):
    run_id = ran(instance)
    before = left_on_disk(instance, run_id)
    days_pass(monkeypatch, 91)

    assert before
    assert clean(instance) == 1
    assert instance.get_run_by_id(run_id) is None
    assert left_on_disk(instance, run_id) == []


def test_what_an_asset_was_last_is_still_known(instance, environment, monkeypatch):
    ran(instance)
    days_pass(monkeypatch, 91)
    clean(instance)
    event = instance.get_latest_materialization_event(KEY)

    assert event.asset_materialization.metadata["rows"].value == 7


def test_young_runs_and_those_of_other_code_stay(instance, environment, monkeypatch):
    environment.setenv("DAGSTER_KEEP_RUNS_DAYS", "7")
    theirs = ran(instance, OTHERS)
    ours = ran(instance)
    days_pass(monkeypatch, 6)
    deleted_after_six = clean(instance)
    days_pass(monkeypatch, 2)
    clean(instance)

    assert deleted_after_six == 0
    assert instance.get_run_by_id(ours) is None
    assert instance.get_run_by_id(theirs) is not None


def test_a_sync_that_found_nothing_new_is_forgotten_first(instance, environment, monkeypatch):
    idle = ran(instance, **{NOTHING_NEW: "true"})
    busy = ran(instance)
    days_pass(monkeypatch, 3)

    assert clean(instance) == 1
    assert instance.get_run_by_id(idle) is None
    assert instance.get_run_by_id(busy) is not None


def test_a_run_that_is_going_on_stays_however_old(instance, environment, monkeypatch):
    run = dg.DagsterRun(
        job_name="dbt_metadata_sync",
        run_id="3f7a0000-0000-4000-8000-000000000000",
        status=dg.DagsterRunStatus.STARTED,
        tags={retention.CODE_LOCATION: OURS},
    )
    instance.add_run(run)
    days_pass(monkeypatch, 400)

    assert clean(instance) == 0
    assert instance.get_run_by_id(run.run_id) is not None


def test_outside_a_workspace_nothing_is_deleted(instance, environment, monkeypatch):
    run_id = ran(instance)
    days_pass(monkeypatch, 400)

    assert clean(instance, None) == 0
    assert instance.get_run_by_id(run_id) is not None
