"""`check`: a line for each connection, the fix where one fails, every setting, no secret."""

import pytest

from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN
from sigma_dbt_sync.settings import Settings


@pytest.fixture
def connected(dbt_cloud, monkeypatch):
    monkeypatch.setenv("DBT_CLOUD_API_HOST", dbt_cloud.url)
    monkeypatch.setenv("DBT_CLOUD_SERVICE_TOKEN", TOKEN)
    return dbt_cloud


def line(output: str, subject: str) -> str:
    return next(line for line in output.splitlines() if line[2:].startswith(subject))


def test_without_anything_nothing_fails(run, folder):
    done = run("check")

    assert done.exit_code == 0
    assert line(done.stdout, "dbt Cloud").startswith("!")
    assert line(done.stdout, "warehouse").startswith("!")
    assert line(done.stdout, "archive").startswith("✓")
    assert "sigma-dbt-sync configure" in done.stdout
    assert list(folder.iterdir()) == []


def test_an_account_is_named_with_what_the_token_sees(run, connected):
    done = run("check")

    assert done.exit_code == 0
    assert f"Shop ({ACCOUNT_ID})" in done.stdout
    assert "1 project, 3 environments, 6 jobs" in done.stdout


def test_a_wrong_token_fails_with_the_fix(run, connected, monkeypatch):
    monkeypatch.setenv("DBT_CLOUD_SERVICE_TOKEN", "dbtc_wrong_but_secret")
    done = run("check")

    assert done.exit_code == 1
    assert line(done.stdout, "dbt Cloud").startswith("✗")
    assert "DBT_CLOUD_SERVICE_TOKEN" in line(done.stdout, "dbt Cloud")
    assert "dbtc_wrong" not in done.output


def test_a_warehouse_says_its_version_runs_and_last_load(run, synced):
    said = line(run("check").stdout, "warehouse")

    assert said.startswith("✓")
    assert "runs, last load 20" in said


def test_an_archive_that_cannot_be_written_fails(run, folder, monkeypatch):
    (folder / "file").touch()
    monkeypatch.setenv("ARCHIVE_URL", "file/archive")
    done = run("check")

    assert done.exit_code == 1
    assert line(done.stdout, "archive").startswith("✗")


def test_every_setting_is_listed_and_no_secret(run, connected):
    shown = run("check").stdout

    assert [name for name in Settings.model_fields if name.upper() not in shown] == []
    assert TOKEN not in shown
    assert "*****" in shown


def test_dagster_home_is_told(run, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "/somewhere")

    assert "/somewhere" in line(run("check").stdout, "Dagster")


def test_settings_that_do_not_fit_end_it_with_2(run, monkeypatch):
    monkeypatch.setenv("DBT_CLOUD_JOB_IDS", "one,two")
    done = run("check")

    assert done.exit_code == 2
    assert "DBT_CLOUD_JOB_IDS" in done.stderr
