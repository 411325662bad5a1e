"""The main job: demo dbt Cloud over HTTP, a real DuckDB file, a real Dagster instance."""

import threading
import time
from pathlib import Path

import dagster as dg
import pytest

from sigma_dbt_sync.demo.account import TOKEN
from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.orchestration import checks
from sigma_dbt_sync.orchestration.dbt_news import NOTHING_NEW
from sigma_dbt_sync.sync.preview import ROWS

WRONG = "dbtc_nobody_knows_this_one"


def metadata(result, asset: str) -> dict:
    """Read the metadata an asset was materialized with."""
    (event,) = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return {name: entry.value for name, entry in event.materialization.metadata.items()}


def failed_checks(result) -> list[tuple[str, str]]:
    return [
        (check.asset_key.to_user_string(), check.check_name)
        for check in result.get_asset_check_evaluations()
        if not check.passed
    ]


def messages(result) -> list[str]:
    """Read what failed steps say to a person."""
    return [
        event.step_failure_data.user_failure_data.description
        for event in result.all_events
        if event.is_step_failure
    ]


def retries(result) -> int:
    return sum(event.is_step_up_for_retry for event in result.all_events)


def test_every_table_is_materialized_with_its_row_count(first_sync):
    deployment, result = first_sync
    counted = {
        table.name: metadata(result, table.name)["dagster/row_count"] for table in checks.LOADED
    }

    assert counted == {
        name: deployment.query(f"SELECT count(*) FROM {name}")[0][0] for name in counted
    }
    assert min(counted[name] for name in ("dbt_runs", "dbt_models", "dbt_node_executions")) > 0


def test_every_check_is_judged_and_none_is_an_error(first_sync):
    _, result = first_sync
    judged = result.get_asset_check_evaluations()
    errors = [check for check in judged if not check.passed and check.severity.value == "ERROR"]

    assert len(judged) == len(checks.LOADED) + 5
    assert errors == []


def test_the_newest_run_of_the_demo_is_recent(first_sync):
    _, result = first_sync

    assert ("dbt_cloud_archive", "newest_run_is_recent") not in failed_checks(result)


def test_rows_lead_to_the_dagster_run_that_wrote_them(first_sync):
    deployment, result = first_sync

    assert deployment.query("SELECT DISTINCT sync_id FROM dbt_runs") == [(result.run_id,)]
    assert deployment.query("SELECT load_id FROM sync_loads") == [(result.run_id,)]


def test_the_ledger_knows_what_the_fetching_step_fetched(first_sync):
    deployment, result = first_sync
    ((found, calls),) = deployment.query("SELECT artifacts_found, api_calls FROM sync_loads")

    assert found == metadata(result, "dbt_cloud_archive")["artifacts_found"] > 0
    assert calls > 0


def test_pages_show_first_rows_with_the_worst_on_top_and_no_sql(first_sync):
    deployment, result = first_sync
    rows = {
        asset: [record.data for record in metadata(result, asset)["first_rows"].records]
        for asset in ("dbt_runs", "dbt_tab", "job_health", "run_failures")
    }
    ((worst,),) = deployment.query(
        "SELECT count(*) FROM dbt_tab WHERE is_primary AND health = 'failing'"
    )

    assert [row["health"] for row in rows["dbt_tab"]][:worst] == ["failing"] * min(worst, ROWS)
    assert {len(found) <= ROWS for found in rows.values()} == {True}
    assert not {"sql", "code", "query", "description"} & {
        word for found in rows.values() for name in found[0] for word in name.split("_")
    }


def test_how_many_relations_are_of_which_health_can_be_plotted(first_sync):
    deployment, result = first_sync
    told = metadata(result, "dbt_tab")
    counted = dict(
        deployment.query("SELECT health, count(*) FROM dbt_tab WHERE is_primary GROUP BY 1")
    )

    assert {health: told[f"relations_{health}"] for health in counted} == counted
    assert sum(counted.values()) > 0


def test_a_fetch_is_summed_up_in_a_sentence(first_sync):
    _, result = first_sync
    told = metadata(result, "dbt_cloud_archive")

    assert f"Fetched {told['new_runs']} new" in told["summary"]


def test_nothing_new_leaves_the_warehouse_alone(first_sync, impatient):
    """Another process holds the file, so that opening it would fail."""
    deployment, first = first_sync
    with deployment.held():
        second = deployment.sync()
    known = metadata(first, "dbt_models")["dagster/row_count"]

    assert second.success
    assert metadata(second, "dbt_models")["rows_written"] == 0
    assert metadata(second, "dbt_models")["dagster/row_count"] == known
    assert "Nothing new" in metadata(second, "sync_loads")["summary"]
    assert failed_checks(second) == failed_checks(first)
    assert metadata(second, "dbt_tab") == metadata(first, "dbt_tab")
    assert NOTHING_NEW in deployment.instance.get_run_by_id(second.run_id).tags
    assert NOTHING_NEW not in deployment.instance.get_run_by_id(first.run_id).tags


def test_a_new_dagster_home_counts_what_it_never_saw(first_sync):
    deployment, _ = first_sync
    with dg.instance_for_test() as fresh:
        result = deployment.sync(fresh)

    assert metadata(result, "dbt_models")["rows_written"] == 0
    assert metadata(result, "dbt_models")["dagster/row_count"] > 0


def test_no_token_is_written_anywhere(first_sync, monkeypatch):
    deployment, _ = first_sync
    monkeypatch.setenv("DBT_CLOUD_SERVICE_TOKEN", WRONG)
    deployment.sync()
    home = deployment.instance.root_directory
    written = [
        path
        for folder in (home, deployment.folder)
        for path in Path(folder).rglob("*")
        if path.is_file() and any(token.encode() in path.read_bytes() for token in (TOKEN, WRONG))
    ]

    assert written == []


def test_a_wrong_token_fails_once_and_says_what_to_do(deployment, environment):
    environment.setenv("DBT_CLOUD_SERVICE_TOKEN", WRONG)
    result = deployment.sync()
    (message,) = messages(result)

    assert not result.success
    assert retries(result) == 0
    assert "401" in message
    assert "token" in message.lower()


def test_no_token_is_a_plain_message(deployment, environment):
    environment.delenv("DBT_CLOUD_SERVICE_TOKEN")
    result = deployment.sync()
    (message,) = messages(result)

    assert retries(result) == 0
    assert "DBT_CLOUD_SERVICE_TOKEN" in message


@pytest.mark.usefixtures("impatient")
def test_a_dbt_cloud_that_is_down_for_a_moment_is_asked_again(deployment):
    deployment.server.faults.append(Fault("/runs/", status=503))
    result = deployment.sync()

    assert result.success
    assert retries(result) == 1


@pytest.mark.usefixtures("impatient")
def test_a_dbt_cloud_that_stays_down_fails_the_run_in_the_end(deployment):
    deployment.server.faults.append(Fault("/runs/", status=503, times=1000))
    result = deployment.sync()
    (message,) = messages(result)

    assert not result.success
    assert retries(result) == 3
    assert "503" in message


@pytest.mark.usefixtures("impatient")
def test_a_held_warehouse_is_waited_for(deployment):
    assert deployment.sync().success
    deployment.account.add_run("tonight", created_at=deployment.account.anchor)
    with deployment.held() as release:

        def release_after_the_first_attempt():
            retry = dg.DagsterEventType.STEP_UP_FOR_RETRY
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                (run,) = deployment.instance.get_runs(limit=1)
                if deployment.instance.all_logs(run.run_id, of_type=retry):
                    break
                time.sleep(0.05)
            release()

        watcher = threading.Thread(target=release_after_the_first_attempt)
        watcher.start()
        result = deployment.sync()
        watcher.join()

    assert result.success
    assert retries(result) >= 1
    assert metadata(result, "dbt_runs")["rows_inserted"] == 1
