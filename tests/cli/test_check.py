"""`check`: a line for each connection, the fix where one fails, every setting, no secret."""

import pytest

from sigma_dbt_sync.demo import company
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


@pytest.fixture
def sends(sigma_settings, monkeypatch):
    for name, value in sigma_settings.items():
        monkeypatch.setenv(name, value)
    return sigma_settings


def test_sigma_unset_is_a_remark(run):
    assert (
        line(run("check").stdout, "Sigma") == "! Sigma     Not configured: nothing is sent to it."
    )


def test_sigma_is_reached_with_its_connection(run, sends):
    done = run("check")
    said = line(done.stdout, "Sigma")

    assert done.exit_code == 0, done.output
    assert said.startswith("✓")
    assert "account type Admin; it has Demo warehouse (postgres)" in said
    assert sends["SIGMA_CLIENT_SECRET"] not in done.output


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SIGMA_CLIENT_SECRET", "wrong-but-secret", "SIGMA_CLIENT_SECRET is wrong"),
        ("SIGMA_CLIENT_SECRET", "", "SIGMA_CLIENT_SECRET not set"),
        ("SIGMA_CONNECTION", "Nowhere", "Demo warehouse"),
    ],
)
def test_sigma_that_cannot_be_used_fails(name, value, words, run, sends, monkeypatch):
    monkeypatch.setenv(name, value)
    done = run("check")

    assert done.exit_code == 1
    assert line(done.stdout, "Sigma").startswith("✗")
    assert words in line(done.stdout, "Sigma")
    assert "wrong-but" not in done.output


def test_a_project_without_a_connection_is_told(run, connected, sends, monkeypatch):
    monkeypatch.setenv("SIGMA_CONNECTION", "7=Demo warehouse")
    done = run("check")

    assert done.exit_code == 0
    assert f"Nothing is sent for project shop ({company.PROJECT_ID})" in done.stdout


def test_a_project_with_a_connection_is_not(run, connected, sends, monkeypatch):
    monkeypatch.setenv("SIGMA_CONNECTION", f"{company.PROJECT_ID}=Demo warehouse")

    assert "Nothing is sent" not in run("check").stdout
