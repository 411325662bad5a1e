"""The commands with WAREHOUSE=snowflake, and every question they ask of both warehouses."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner

from sigma_dbt_sync.cli import app
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import load_settings

PLACE = {"ROLE": "WRITER", "WAREHOUSE": "WH", "DATABASE": "META", "SCHEMA": "DBT_METADATA"}


def grants(*granted):
    return [{"privilege": p, "granted_on": kind, "name": name} for p, kind, name in granted]


@pytest.fixture
def dbt_cloud():
    with serve.running(Account(read_story(), anchor=datetime.now(UTC))) as server:
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

    done = run("remove", "--yes")
    assert done.exit_code == 0, done.output
    assert "DROP SCHEMA DBT_METADATA" in done.stdout


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


def test_check_tells_a_login_that_fails(run, account):
    account.refuse("login", ".", code="390144", message="JWT token is invalid.", times=9)
    done = run("check")

    assert done.exit_code == 1
    assert "✗ warehouse Snowflake answered 390144 while logging in" in done.stdout


def test_configure_asks_for_snowflake(run, account, database, monkeypatch, dbt_cloud, tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "key.p8"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    for name in ("WAREHOUSE", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER", "SNOWFLAKE_TOKEN"):
        monkeypatch.delenv(name)
    account.answer("^SELECT CURRENT_ROLE", PLACE)
    account.answer("SHOW GRANTS", *grants(("OWNERSHIP", "SCHEMA", "META.DBT_METADATA")))
    parts = ("test", "SYNC", "WRITER", "WH", database, "", str(file), "")
    answers = "\n".join((dbt_cloud.url, TOKEN, "snowflake", *parts, "n", ""))

    done = run("configure", answers=answers)

    assert done.exit_code == 0, done.output
    settings = load_settings()
    assert settings.warehouse == "snowflake"
    assert settings.snowflake_private_key_file == file
    assert settings.dbt_cloud_account_id == ACCOUNT_ID
    logins = [entry for entry in account.log() if entry["kind"] == "login"]
    assert {login["data"]["AUTHENTICATOR"] for login in logins} == {"SNOWFLAKE_JWT"}
