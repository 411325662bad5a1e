"""`sync` on the demo account, and how it ends when something is wrong."""

import json

import duckdb
import pytest

pytestmark = pytest.mark.timeout(120)


def test_the_first_sync_tells_what_was_fetched_and_written_and_shows_a_tab(folder, run_program):
    done = run_program("sync")

    assert done.returncode == 0, done.stderr
    assert "demo account" in done.stderr
    assert "sigma-dbt-sync configure" in done.stderr
    assert "dbt_models" in done.stdout
    assert "Compiled SQL" in done.stdout
    with duckdb.connect(folder / "data/dbt_metadata.duckdb", read_only=True) as con:
        con.execute("set schema = 'dbt_metadata'")
        assert con.execute("select count(*) from dbt_models").fetchall()[0][0] > 0


def test_the_second_sync_finds_nothing_new(synced, run):
    done = run("sync")

    assert done.exit_code == 0
    assert done.stdout.startswith("Nothing new.")
    assert len(done.stdout.splitlines()) == 1


def test_the_second_sync_asks_at_most_three_times(synced, run):
    report = json.loads(run("sync", "--json").stdout)

    assert report["nothing_new"] is True
    assert report["extracted"]["requests"] <= 3
    assert report["tables"] == {}


def test_json_is_all_there_is_on_standard_output(run_program):
    report = json.loads(run_program("sync", "--json").stdout)

    assert {"sync_id", "account_id", "extracted", "tables", "warnings", "seconds"} <= set(report)
    assert report["tables"]["dbt_models"]["inserted"] > 0
    assert report["extracted"]["artifacts_found"] > 0


def test_a_rebuild_loads_everything_again(synced, run):
    report = json.loads(run("sync", "--rebuild", "--json").stdout)

    assert report["runs_loaded"] > 0
    assert report["extracted"]["artifacts_found"] == 0


def test_a_day_that_is_none_is_wrong_use(run):
    done = run("sync", "--since", "yesterday")

    assert done.exit_code == 2


def test_a_rejected_token_ends_with_1_and_is_never_shown(dbt_cloud, run_program):
    done = run_program(
        "sync",
        DBT_CLOUD_API_HOST=dbt_cloud.url,
        DBT_CLOUD_SERVICE_TOKEN="dbtc_wrong_but_secret",
        DBT_CLOUD_ACCOUNT_ID="70403103922127",
    )

    assert done.returncode == 1
    assert "401" in done.stderr
    assert "Traceback" not in done.stderr
    assert "dbtc_wrong" not in done.stdout + done.stderr


def test_a_setting_that_does_not_fit_ends_with_2(run_program):
    done = run_program("sync", DBT_CLOUD_HISTORY_DAYS="many")

    assert done.returncode == 2
    assert "DBT_CLOUD_HISTORY_DAYS" in done.stderr
    assert "Traceback" not in done.stderr


def test_colours_stay_away_from_files(run_program):
    done = run_program("sync", NO_COLOR="1")

    assert "\x1b[" not in done.stdout + done.stderr
