"""The commands with WAREHOUSE=snowflake, and every question they ask of both warehouses."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner

from sigma_dbt_sync.cli import app
from sigma_dbt_sync.demo import sigma_story
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.serve import serving
from sigma_dbt_sync.demo.services import services
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import load_settings

PLACE = {"ROLE": "WRITER", "WAREHOUSE": "WH", "DATABASE": "META", "SCHEMA": "DBT_METADATA"}


def grants(*granted):
    return [{"privilege": p, "granted_on": kind, "name": name} for p, kind, name in granted]


NOW = datetime.now(UTC)


@pytest.fixture
def organization():
    """Make the Sigma of the demo account, its limit on tokens lifted."""
    made = sigma_story.organization(Account(read_story(), anchor=NOW), lambda: NOW)
    made.seconds_between_tokens = 0
    return made


@pytest.fixture
def dbt_cloud(organization):
    """Serve the demo's dbt Cloud, and its Sigma beside it."""
    with serving(services(Account(read_story(), anchor=NOW), organization)) as server:
        yield server


@pytest.fixture
def run(account, database, monkeypatch, dbt_cloud):
    """Run a command as somebody whose environment says where Snowflake and dbt Cloud are."""
    settings = account.settings(database, dbt_cloud_api_host=dbt_cloud.url)
    for name in settings.model_fields_set:
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    monkeypatch.setenv("SNOWFLAKE_TOKEN", "token")
    monkeypatch.setenv("DBT_CLOUD_SERVICE_TOKEN", TOKEN)

    def run(*words, answers=None):
        return CliRunner().invoke(app, list(words), input=answers)

    return run


def test_a_deployment_from_sync_to_remove(run, account):
    report = json.loads(run("sync", "--json").stdout)
    assert report["runs_loaded"] > 0
    assert report["statements"] > 20
    account.log()

    again = json.loads(run("sync", "--json").stdout)
    assert (again["nothing_new"], again["statements"]) == (True, None)
    assert account.log() == []

    shown = json.loads(run("show", "customers", "--json", "--environment", "Production").stdout)
    assert shown["dbt_tab"]["table_name"] == "customers"
    assert shown["compiled_sql"]
    assert {column["column_name"] for column in shown["columns"]} >= {"customer_id"}

    reported = run("report", "--output", "page.html")
    assert reported.exit_code == 0, reported.output
    assert "customers" in Path("page.html").read_text()

    account.answer("^SELECT CURRENT_ROLE", PLACE)
    account.answer("SHOW GRANTS", *grants(("OWNERSHIP", "SCHEMA", "META.DBT_METADATA")))
    assert " runs, last load " in run("check").stdout

    done = run("remove", "--yes")
    assert done.exit_code == 0, done.output
    assert "DROP SCHEMA DBT_METADATA" in done.stdout


def test_changed_descriptions_reach_sigma(run, account, organization, dbt_cloud, monkeypatch):
    assert run("sync").exit_code == 0
    for name, value in sigma_story.sigma_settings(organization, dbt_cloud.url).items():
        monkeypatch.setenv(name, value)
    account.log()
    delivered = json.loads(run("deliver", "--json").stdout)
    words = [entry["sql"].split()[0] for entry in account.log() if entry["kind"] == "statement"]

    assert {table["state"] for table in delivered["tables"]} == {"confirmed"}
    assert {".".join(one.path) for one in organization.syncs if one.level == "table"} == {
        table["table"] for table in delivered["tables"]
    }
    assert not {"CREATE", "ALTER", "DROP"} & set(words)
    assert "No table waits" in run("deliver").stdout


def test_check_names_the_grants_that_are_missing(run, account):
    account.answer("^SELECT CURRENT_ROLE", {**PLACE, "WAREHOUSE": None})
    account.answer(
        'SHOW GRANTS TO ROLE "WRITER"',
        *grants(
            ("USAGE", "ROLE", "PARENT"),
            ("USAGE", "SCHEMA", "META.DBT_METADATA"),
            ("CREATE TABLE", "SCHEMA", "META.OTHER"),
        ),
    )
    account.answer(
        'SHOW GRANTS TO ROLE "PARENT"', *grants(("CREATE VIEW", "SCHEMA", "META.DBT_METADATA"))
    )
    done = run("check")

    assert done.exit_code == 1
    missing = [line for line in done.stdout.splitlines() if "GRANT" in line]
    assert len(missing) == 1
    assert missing[0].split("→ ")[1] == (
        "GRANT USAGE ON WAREHOUSE WH TO ROLE WRITER; "
        "GRANT CREATE TABLE ON SCHEMA META.DBT_METADATA TO ROLE WRITER; "
        "GRANT CREATE STAGE ON SCHEMA META.DBT_METADATA TO ROLE WRITER;"
    )


def test_check_is_content_with_the_owner_of_the_schema(run, account, database):
    account.answer("^SELECT CURRENT_ROLE", PLACE)
    account.answer("SHOW GRANTS", *grants(("OWNERSHIP", "SCHEMA", '"META".DBT_METADATA')))
    done = run("check")

    assert "✓ warehouse Role WRITER may do what a sync does." in done.stdout
    assert f"snowflake:test/{database}.DBT_METADATA, version" in done.stdout
    assert "SNOWFLAKE_TOKEN" in done.stdout
    assert "  token" not in done.stdout


def test_check_makes_the_schema_where_there_is_none(run, account):
    account.answer("^SELECT CURRENT_ROLE", {**PLACE, "SCHEMA": None})
    account.answer("SHOW GRANTS", *grants(("USAGE", "DATABASE", "META")))
    done = run("check")

    assert done.exit_code == 1
    (missing,) = [line.split("→ ")[1] for line in done.stdout.splitlines() if "GRANT" in line]
    assert missing.split("; ")[:2] == [
        "CREATE SCHEMA IF NOT EXISTS META.DBT_METADATA",
        "GRANT USAGE ON SCHEMA META.DBT_METADATA TO ROLE WRITER",
    ]


def test_check_tells_a_suspended_account(run, account):
    account.answer("^SELECT CURRENT_ROLE", PLACE)
    account.answer("SHOW GRANTS", *grants(("OWNERSHIP", "SCHEMA", "META.DBT_METADATA")))
    suspended = "Your account is suspended due to lack of payment method."
    account.refuse("statement", "FROM", code="000666", message=suspended, times=9)
    done = run("check")

    assert done.exit_code == 1
    assert f"{suspended} Nobody can query until" in done.stdout


def test_check_tells_a_login_that_fails(run, account):
    account.refuse("login", ".", code="390144", message="JWT token is invalid.", times=9)
    done = run("check")

    assert done.exit_code == 1
    assert "✗ warehouse Snowflake answered 390144 while logging in" in done.stdout


@pytest.fixture
def key_file(tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = tmp_path / "key.p8"
    file.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return file


@pytest.fixture
def configure(run, account, database, monkeypatch, dbt_cloud):
    """Answer the questions of configure; the last ones, how to log in, as a test says."""
    for name in ("WAREHOUSE", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER", "SNOWFLAKE_TOKEN"):
        monkeypatch.delenv(name)
    account.answer("^SELECT CURRENT_ROLE", PLACE)
    account.answer("SHOW GRANTS", *grants(("OWNERSHIP", "SCHEMA", "META.DBT_METADATA")))

    def configure(*how):
        parts = ("test", "SYNC", "WRITER", "WH", database, "", *how)
        answers = "\n".join((dbt_cloud.url, TOKEN, "snowflake", *parts, "n", ""))
        return run("configure", answers=answers)

    return configure


def test_configure_asks_for_a_key_first(configure, account, key_file):
    done = configure("nowhere.p8", str(key_file), "")

    assert done.exit_code == 0, done.output
    assert "There is no file nowhere.p8" in done.output
    settings = load_settings()
    assert settings.warehouse == "snowflake"
    assert settings.snowflake_private_key_file == key_file
    assert settings.dbt_cloud_account_id == ACCOUNT_ID
    logins = [entry for entry in account.log() if entry["kind"] == "login"]
    assert {login["data"]["AUTHENTICATOR"] for login in logins} == {"SNOWFLAKE_JWT"}


def test_configure_takes_a_token_instead_even_where_a_key_was_set(
    configure, account, key_file, monkeypatch
):
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_FILE", str(key_file))
    done = configure("token", "pat-5ecret")

    assert done.exit_code == 0, done.output
    assert "pat-5ecret" not in done.output
    assert load_settings().snowflake_token.get_secret_value() == "pat-5ecret"
    logins = [entry for entry in account.log() if entry["kind"] == "login"]
    assert {login["data"]["AUTHENTICATOR"] for login in logins} == {"PROGRAMMATIC_ACCESS_TOKEN"}
