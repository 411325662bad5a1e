"""`show`: which relation is meant, and everything that is said about it."""

import json
from datetime import datetime

import duckdb
import pytest

TAB = {
    "account_id", "project_id", "project_name", "environment_id", "environment_name",
    "is_production", "is_primary", "node_key", "relation_key", "database_name", "schema_name",
    "table_name", "unique_id", "resource_type", "materialized", "model_name", "relation_name",
    "description", "owner_name", "owner_email", "group_name", "tags_text", "last_run_at",
    "last_built_at", "execution_seconds", "last_status", "latest_status", "latest_status_at",
    "rows_affected", "query_id", "health", "health_detail", "job_id", "job_name", "run_id",
    "run_url", "run_status", "run_started_at", "run_finished_at", "run_seconds",
    "run_seconds_p50", "job_health", "job_health_detail", "tests_total", "tests_passing",
    "tests_warning", "tests_failing", "columns_total", "columns_documented",
    "persist_docs_relation", "persist_docs_columns", "docs_state", "downstream_count",
    "exposure_count", "status_line", "sigma_url", "metadata_as_of",
}  # fmt: skip


def change(folder, sql: str) -> None:
    with duckdb.connect(folder / "data/dbt_metadata.duckdb") as con:
        con.execute("set schema = 'dbt_metadata'")
        con.execute(sql)


def test_json_has_every_field_of_the_tab(synced, run_json):
    shown = run_json("show", "customers")

    assert set(shown) == {"dbt_tab", "source_sql", "compiled_sql", "columns", "tests"}
    assert set(shown["dbt_tab"]) >= TAB
    assert "{{" in shown["source_sql"]
    assert "{{" not in shown["compiled_sql"]


def test_json_says_when_with_an_offset_and_how_many_with_a_number(synced, run_json):
    tab = run_json("show", "customers")["dbt_tab"]

    assert datetime.fromisoformat(tab["last_run_at"]).utcoffset().total_seconds() == 0
    assert isinstance(tab["tests_total"], int)
    assert isinstance(tab["job_id"], int)


def test_json_holds_columns_and_tests_with_their_last_result(synced, run_json):
    shown = run_json("show", "customers")
    email = next(column for column in shown["columns"] if column["column_name"] == "email")

    assert email["description"] == "Where the receipt goes."
    assert "last_status" in shown["tests"][0]
    assert {test["column_name"] for test in shown["tests"]} >= {"customer_id", "email"}


@pytest.mark.parametrize(
    "name",
    [
        "customers",
        "CUSTOMERS",
        "analytics.customers",
        "shop.analytics.customers",
        '"shop"."analytics"."customers"',
        "model.shop.customers.v2",
    ],
)
def test_a_relation_has_many_names(synced, name, run_json):
    tab = run_json("show", name)["dbt_tab"]

    assert tab["unique_id"] == "model.shop.customers.v2"
    assert tab["is_production"] is True


def test_a_seed_that_is_also_a_source_is_shown_as_the_seed(synced, run_json):
    assert run_json("show", "raw_orders")["dbt_tab"]["resource_type"] == "seed"


@pytest.mark.parametrize("environment", ["Staging", "staging", "70403103925109"])
def test_another_environment_is_named_or_numbered(synced, environment, run_json):
    tab = run_json("show", "customers", "--environment", environment)["dbt_tab"]

    assert tab["environment_name"] == "Staging"


def test_an_environment_nobody_has_is_wrong_use(synced, run):
    done = run("show", "customers", "--environment", "Moon")

    assert done.exit_code == 2
    assert "Staging" in done.stderr


def test_where_nothing_is_production_the_matches_are_listed(synced, run):
    change(synced, "update dbt_environments set is_production = false")
    done = run("show", "customers")

    assert done.exit_code == 2
    assert "Production" in done.stderr
    assert "Staging" in done.stderr
    assert "--environment" in done.stderr
    assert run("show", "customers", "--environment", "Staging").exit_code == 0


def test_an_unknown_relation_brings_names_that_look_like_it(synced, run):
    done = run("show", "custmers")

    assert done.exit_code == 1
    assert "customers" in done.stderr
    assert done.stdout == ""


def test_before_the_first_sync_there_is_a_hint(folder, run):
    done = run("show", "customers")

    assert done.exit_code == 1
    assert "sigma-dbt-sync sync" in done.stderr
    assert not (folder / "data").exists()


def test_people_see_all_of_it(synced, run, run_json):
    tab = run_json("show", "customers")["dbt_tab"]
    shown = run("show", "customers").stdout

    for name in ("relation_key", "description", "health_detail", "job_name", "run_url"):
        assert tab[name] in shown.replace("\n", " "), name
    for text in ("Execution time", "Source SQL", "Compiled SQL", "Where the receipt goes."):
        assert text in shown


def test_a_description_cannot_drive_the_terminal(synced, run):
    change(synced, "update dbt_models set description = 'a' || chr(27) || '[2Jb [bold]c[/bold]'")
    shown = run("show", "customers").stdout

    assert "\x1b" not in shown
    assert "[bold]c[/bold]" in shown


def test_another_account_in_the_same_warehouse_is_not_shown(synced, monkeypatch, run):
    monkeypatch.setenv("DBT_CLOUD_ACCOUNT_ID", "1")

    assert run("show", "customers").exit_code == 1


def test_json_is_readable_as_it_stands(synced, run):
    assert json.loads(run("show", "orders", "--json").stdout)["dbt_tab"]["model_name"] == "orders"
