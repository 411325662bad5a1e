"""Every result of dbt reaches Dagster once: a real instance, a made-up project."""

from datetime import timedelta
from uuid import uuid4

import dagster as dg
import pytest

from sigma_dbt_sync.orchestration import dbt_events
from sigma_dbt_sync.orchestration.dbt_assets import definitions_of
from sigma_dbt_sync.orchestration.dbt_events import tell_dbt_results
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync.graph import FRESHNESS
from sigma_dbt_sync.sync.graph_files import GraphFiles
from sigma_dbt_sync.sync.graph_query import Results, Run
from tests.orchestration.graphs import ENVIRONMENT, NOW, check, graph, node, status

TEST_ID, SOURCE = "test.shop.unique_orders_id", "source.shop.till.orders"
GRAPH = graph(
    node(),
    node(SOURCE, source_name="till", has_freshness=True),
    checks=[
        check(),
        check("dbt_freshness", of=SOURCE, unique_id=SOURCE, kind=FRESHNESS),
    ],
)
KEY = dg.AssetKey(["dbt", str(ENVIRONMENT), "orders"])
SOURCE_KEY = dg.AssetKey(["dbt", str(ENVIRONMENT), "till", "orders"])
CHECK = dg.AssetCheckKey(KEY, "unique_orders_id")
RUNS = {1: Run("https://dbt.test/runs/1/", "Daily")}


@pytest.fixture
def instance():
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def tick(environment, tmp_path, instance):
    """Let a sync find these results, and report them."""
    environment.setenv("ARCHIVE_URL", str(tmp_path / "archive"))
    settings = load_settings()

    def found(*rows, of=GRAPH, run=None):
        GraphFiles(settings).write(of, Results(rows, RUNS), "basis")
        return tell_dbt_results(instance, settings, run or a_run(), now=NOW)

    return found


def a_run() -> dg.DagsterRun:
    return dg.DagsterRun("dbt_metadata_sync", str(uuid4()))


def stale(run_id: int = 1, group: str = "bad"):
    return status(
        SOURCE,
        attempt_status_group=None,
        freshness_status="error",
        freshness_status_group=group,
        freshness_at=NOW - timedelta(minutes=10),
        freshness_run_id=run_id,
        freshness_step_index=4,
    )


def failed(run_id: int):
    return status(
        TEST_ID,
        attempt_status="fail",
        attempt_status_group="bad",
        attempt_run_id=run_id,
        attempt_failures=3,
    )


def builds(instance, key=KEY) -> list[str]:
    """Read which dbt runs the log says built a node, oldest first."""
    records = instance.fetch_materializations(key, limit=1000).records
    return [each.asset_materialization.metadata["dbt_result"].value for each in records][::-1]


def verdicts(instance, key=CHECK) -> list[tuple[str, bool]]:
    """Read what the log says of a check, oldest first."""
    storage = instance.event_log_storage
    records = storage.get_asset_check_execution_history(key, limit=1000)
    found = [record.event.dagster_event.event_specific_data for record in records]
    return [(each.metadata["dbt_result"].value, each.passed) for each in found][::-1]


def test_a_build_leads_to_its_dbt_run(tick, instance):
    tick(status(attempt_seconds=1.23456, attempt_rows_affected=12))
    (record,) = instance.fetch_materializations(KEY, limit=5).records
    told = {name: entry.value for name, entry in record.asset_materialization.metadata.items()}

    assert told["dbt_run"] == "https://dbt.test/runs/1/"
    assert (told["execution_seconds"], told["rows_affected"]) == (1.235, 12)
    assert told["dbt_completed_at"] == (NOW - timedelta(hours=1)).timestamp()


def test_a_result_has_the_time_dbt_had_it_and_belongs_to_the_sync_that_found_it(tick, instance):
    run = a_run()
    tick(status(), failed(1), stale(), run=run)
    (built,) = instance.fetch_materializations(KEY, limit=5).records
    (seen,) = instance.fetch_observations(SOURCE_KEY, limit=5).records
    (judged,) = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=5)

    assert {built.run_id, seen.run_id, judged.run_id} == {run.run_id}
    assert built.timestamp == judged.event.timestamp == (NOW - timedelta(hours=1)).timestamp()
    assert seen.timestamp == (NOW - timedelta(minutes=10)).timestamp()


def test_a_clock_of_dbt_that_is_ahead_dates_nothing_into_the_future(tick, instance):
    tick(status(attempted_at=NOW + timedelta(minutes=3)))
    (built,) = instance.fetch_materializations(KEY, limit=5).records

    assert built.timestamp == NOW.timestamp()


def test_a_result_is_still_known_when_the_sync_that_told_it_is_deleted(tick, instance):
    rows, run = (status(), failed(1)), a_run()
    tick(*rows, run=run)
    instance.delete_run(run.run_id)
    told = tick(*rows)

    assert builds(instance) == []
    assert (told.builds, told.checks) == (0, 0)


def test_a_failed_test_says_how_many_rows_and_how_bad(tick, instance):
    tick(failed(1))
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])
    found = latest[CHECK].event.dagster_event.event_specific_data

    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.metadata["failures"].value == 3


def test_nothing_is_told_twice(tick, instance):
    rows = (status(), failed(1), stale())
    first, second = tick(*rows), tick(*rows)

    assert (first.builds, first.freshness, first.checks) == (1, 1, 2)
    assert (second.builds, second.freshness, second.checks) == (0, 0, 0)
    assert len(instance.fetch_observations(SOURCE_KEY, limit=9).records) == 1


def test_a_test_that_passes_again_is_no_news(tick, instance):
    for run_id in (1, 2, 3):
        tick(status(attempt_run_id=run_id), status(TEST_ID, attempt_run_id=run_id))

    assert builds(instance) == ["1", "2", "3"]
    assert verdicts(instance) == [("1/4", True)]


def test_a_test_that_fails_again_is(tick, instance):
    for row in (failed(1), failed(2), status(TEST_ID, attempt_run_id=3), failed(4)):
        tick(row)

    assert verdicts(instance) == [("1/4", False), ("2/4", False), ("3/4", True), ("4/4", False)]


def test_what_is_older_than_a_day_is_history(tick, instance):
    old = {"attempted_at": NOW - timedelta(hours=25)}
    told = tick(status(**old), status(TEST_ID, **old))

    assert (told.builds, told.checks) == (0, 0)


def test_what_is_no_asset_is_not_told(tick):
    told = tick(status("model.shop.gone"), status("test.shop.gone"))

    assert (told.builds, told.checks, told.left) == (0, 0, 0)


def test_more_than_one_report_takes_is_left_for_the_next(tick, instance, monkeypatch):
    monkeypatch.setattr(dbt_events, "MOST_EVENTS", 2)
    models = [f"model.shop.m{number}" for number in range(3)]
    of = graph(*map(node, models), node(), checks=[check()])
    rows = (*map(status, models), failed(1))
    first, second, third = (tick(*rows, of=of) for _ in range(3))

    assert [told.left for told in (first, second, third)] == [2, 0, 0]
    assert (first.checks, first.builds + second.builds, third.builds) == (1, 3, 0)


def test_cut_off_in_the_middle_the_next_report_goes_on_behind_it(tick, instance, monkeypatch):
    models = [f"model.shop.m{number}" for number in range(5)]
    of = graph(*map(node, models))
    report, done = dbt_events.report_event, []

    def cut_off(*args, **when):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(report(*args, **when))

    with monkeypatch.context() as patch:
        patch.setattr(dbt_events, "report_event", cut_off)
        with pytest.raises(KeyboardInterrupt):
            tick(*map(status, models), of=of)
    told = tick(*map(status, models), of=of)
    keys = [dg.AssetKey(["dbt", str(ENVIRONMENT), f"m{number}"]) for number in range(5)]

    assert told.builds == 2
    assert [builds(instance, key) for key in keys] == [["1"]] * 5


def test_executing_a_check_shows_what_dbt_found_and_is_no_news_either(tick, instance):
    rows = (failed(1),)
    tick(*rows)
    specs, steps, _ = definitions_of(GRAPH)
    defs = dg.Definitions(
        assets=specs, asset_checks=steps, resources={"sync_settings": SyncSettings()}
    )
    job = defs.resolve_implicit_global_asset_job_def()
    ran = job.get_subset(asset_check_selection={CHECK}).execute_in_process(instance=instance)
    (evaluated,) = ran.get_asset_check_evaluations()

    assert (evaluated.passed, evaluated.metadata["failures"].value) == (False, 3)
    assert tick(*rows).checks == 0
