"""`configure`: what it asks, what it writes, and what it never shows."""

import pytest

from sigma_dbt_sync.demo import sigma_story
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN
from sigma_dbt_sync.settings import load_settings

NO_SIGMA = "n"


def answers(*lines) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_the_answers_are_verified_and_written_for_the_owner_alone(run, dbt_cloud, folder):
    done = run("configure", answers=answers(dbt_cloud.url, TOKEN, "", NO_SIGMA))
    settings = load_settings()

    assert done.exit_code == 0, done.output
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    assert settings.dbt_cloud_api_host == dbt_cloud.url
    assert settings.dbt_cloud_service_token.get_secret_value() == TOKEN
    assert settings.dbt_cloud_account_id == ACCOUNT_ID
    assert TOKEN not in done.output


def test_what_it_wrote_is_enough_for_a_sync(run, run_json, dbt_cloud):
    run("configure", answers=answers(dbt_cloud.url, TOKEN, "elsewhere/tables.duckdb", NO_SIGMA))
    report = run_json("sync")

    assert report["target"].endswith("elsewhere/tables.duckdb")
    assert report["runs_loaded"] > 0


def test_other_lines_of_the_file_stay(run, dbt_cloud, folder):
    file = folder / ".env"
    file.write_text("# ours\nSYNC_CRON='0 * * * *'\nDBT_CLOUD_SERVICE_TOKEN=old\nOTHER=1")
    file.chmod(0o644)
    run("configure", answers=answers(dbt_cloud.url, TOKEN, "", NO_SIGMA))
    lines = file.read_text().splitlines()

    assert lines[:2] == ["# ours", "SYNC_CRON='0 * * * *'"]
    assert "OTHER=1" in lines
    assert not any("old" in line for line in lines)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_present_token_is_kept_by_enter(run, dbt_cloud, folder):
    (folder / ".env").write_text(f"DBT_CLOUD_SERVICE_TOKEN={TOKEN}\n")
    done = run("configure", answers=answers(dbt_cloud.url, "", "", NO_SIGMA))

    assert done.exit_code == 0, done.output
    assert load_settings().dbt_cloud_account_id == ACCOUNT_ID


def test_a_rejected_token_writes_nothing(run, dbt_cloud, folder):
    done = run("configure", answers=answers(dbt_cloud.url, "dbtc_wrong_but_secret", ""))

    assert done.exit_code == 1
    assert "DBT_CLOUD_SERVICE_TOKEN" in done.stderr
    assert "dbtc_wrong" not in done.output
    assert not (folder / ".env").exists()


def test_a_host_without_https_is_asked_for_again(run, dbt_cloud):
    done = run(
        "configure", answers=answers("http://example.com", dbt_cloud.url, TOKEN, "", NO_SIGMA)
    )

    assert done.exit_code == 0
    assert "only https" in done.output


def test_nobody_there_to_answer_is_wrong_use(run_program, folder):
    done = run_program("configure")

    assert done.returncode == 2
    assert "Run it in a terminal" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / ".env").exists()


def test_a_variable_that_hides_the_file_is_named(run, dbt_cloud, monkeypatch):
    monkeypatch.setenv("DBT_CLOUD_SERVICE_TOKEN", "another")
    done = run("configure", answers=answers(dbt_cloud.url, TOKEN, "", NO_SIGMA))

    assert done.exit_code == 0
    assert "hide the new values of: DBT_CLOUD_SERVICE_TOKEN" in done.output


@pytest.mark.parametrize(("answer", "exit_code"), [("y", 1), ("n", 0)])
def test_the_demo_account_makes_room_when_asked(run, dbt_cloud, synced, answer, exit_code):
    done = run("configure", answers=answers(dbt_cloud.url, TOKEN, "", NO_SIGMA, answer))

    assert done.exit_code == 0, done.output
    assert run("show", "customers").exit_code == exit_code


@pytest.fixture
def with_sigma(run, dbt_cloud, sigma_settings):
    """Run `configure` up to the secret, then with `more` answers."""
    host, client_id, secret, _ = sigma_settings.values()

    def configure(*more, secret=secret):
        dbt_and_duckdb = (dbt_cloud.url, TOKEN, "")
        return run(
            "configure", answers=answers(*dbt_and_duckdb, "y", host, client_id, secret, *more)
        )

    return configure


def test_sigma_is_verified_and_its_connections_are_offered(with_sigma, sigma_settings):
    done = with_sigma("Demo warehouse")
    settings = load_settings()

    assert done.exit_code == 0, done.output
    assert "Demo warehouse  (postgres)" in done.output
    assert settings.sends_to_sigma
    assert settings.sigma_api_host == sigma_settings["SIGMA_API_HOST"]
    assert settings.sigma_connection_of(1) == "Demo warehouse"
    assert sigma_settings["SIGMA_CLIENT_SECRET"] not in done.output


def test_a_connection_that_is_none_is_asked_for_again(with_sigma):
    done = with_sigma("Warehouse", "1=Finance,2=Nowhere", "1=Finance,2=Demo warehouse")

    assert done.exit_code == 0, done.output
    assert "looking for the connection Nowhere" in done.output
    assert load_settings().sigma_connection_of(2) == "Demo warehouse"


def test_the_only_connection_is_the_default(with_sigma, organization):
    organization.connections = [organization.connection(sigma_story.CONNECTION)]
    done = with_sigma("")

    assert done.exit_code == 0, done.output
    assert load_settings().sigma_connection == "Demo warehouse"


def test_a_secret_that_sigma_rejects_writes_nothing(with_sigma, folder):
    done = with_sigma(secret="wrong-but-secret")

    assert done.exit_code == 1
    assert "SIGMA_CLIENT_SECRET is wrong" in done.stderr
    assert "wrong-but" not in done.output
    assert not (folder / ".env").exists()


def test_present_answers_about_sigma_are_kept_by_enter(run, dbt_cloud, sigma_settings, folder):
    lines = [f"{name}='{value}'\n" for name, value in sigma_settings.items()]
    (folder / ".env").write_text("".join(lines))
    done = run("configure", answers=answers(dbt_cloud.url, TOKEN, "", "", "", "", "", ""))

    assert done.exit_code == 0, done.output
    assert load_settings().sends_to_sigma
