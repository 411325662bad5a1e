"""`publish`: what it does, what it prints for somebody who may, and how it ends."""

import json
import os
import shutil
from datetime import UTC, datetime

import httpx
import pytest

from sigma_dbt_sync.demo.serve import serving
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.sigma_catalog import Organization
from sigma_dbt_sync.demo.sigma_models import HOME
from sigma_dbt_sync.sigma import data_model
from tests.sigma.publishing import metadata_connection, view_tables

SNOWFLAKE = {"WAREHOUSE": "snowflake", "SNOWFLAKE_DATABASE": "ANALYTICS"}
ELEMENTS = [element.name for element in data_model.ELEMENTS]


@pytest.fixture
def models(monkeypatch):
    """Serve a Sigma that sees the views in Snowflake, and let the settings reach it."""
    organization = Organization(
        connections=[metadata_connection()],
        clock=lambda: datetime.now(UTC),
        seconds_between_tokens=0,
    )
    app = sigma(organization)
    with serving(app) as server:
        told = SNOWFLAKE | {
            "SIGMA_API_HOST": server.url,
            "SIGMA_CLIENT_ID": organization.client_id,
            "SIGMA_CLIENT_SECRET": organization.client_secret,
            "SIGMA_CONNECTION": "Warehouse",
        }
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        yield app.state.data_models


def names(document):
    return [element["name"] for page in document["pages"] for element in page["elements"]]


def sources(document):
    return [element["source"] for page in document["pages"] for element in page["elements"]]


def test_it_says_what_it_created_and_then_that_nothing_changed(models, run):
    first, second = run("publish"), run("publish")

    assert first.exit_code == second.exit_code == 0
    assert "dbt metadata was created in My Documents" in first.stdout
    assert "8 elements" in first.stdout
    assert "https://app.sigmacomputing.com" in first.stdout
    assert "up to date; nothing was changed" in second.stdout
    assert len(models.models) == 1


def test_it_says_what_people_changed_and_removed(models, run):
    run("publish")
    (model,) = models.models.values()
    (page,) = model.spec["pages"]
    page["elements"][0]["name"] = "Tables of dbt"
    del page["elements"][-1]
    for element in page["elements"]:
        element["relationships"] = []
    done = run("publish")

    assert done.exit_code == 0
    assert "dbt tables (name)" in done.stdout
    assert "dbt documentation" in done.stdout
    assert "--restore" in done.stdout


def test_json_tells_all_of_it(models, run_json):
    report = run_json("publish")

    assert report["action"] == "created"
    assert report["model_id"] in models.models
    assert report["added"][0] == "dbt tables"
    assert (report["broken_columns"], report["is_dry_run"]) == ([], False)
    assert run_json("publish")["action"] == "unchanged"


def test_a_dry_run_changes_nothing(models, run, run_json):
    done = run("publish", "--dry-run")

    assert done.exit_code == 0
    assert "would be created in My Documents" in done.stdout
    assert run_json("publish", "--dry-run")["is_dry_run"] is True
    assert models.models == {}


def test_who_may_not_is_given_the_model_to_paste(models, run):
    models.may_publish = False
    done = run("publish")
    document = json.loads(done.stdout)

    assert done.exit_code == 1
    assert "Create, edit, and publish data models" in done.stderr
    assert "POST /v2/dataModels/spec" in done.stderr
    assert (names(document), document["folderId"]) == (ELEMENTS, HOME)
    assert sources(document)[0]["connectionId"] == metadata_connection().id


def test_what_somebody_pasted_is_taken_up_as_published(models, run):
    models.may_publish = False
    pasted = run("publish").stdout
    models.may_publish = True
    with httpx.Client(base_url=os.environ["SIGMA_API_HOST"]) as client:
        form = {"grant_type": "client_credentials"}
        owner = models.organization
        login = (owner.client_id, owner.client_secret)
        token = client.post("/v2/auth/token", data=form, auth=login).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = client.post("/v2/dataModels/spec", content=pasted, headers=headers)

    assert answer.is_success, answer.text
    assert "up to date" in run("publish").stdout
    assert len(models.models) == 1


def test_who_may_not_update_is_given_what_people_changed_too(models, run):
    run("publish")
    (model,) = models.models.values()
    model.spec["pages"][0]["elements"][0]["name"] = "Tables of dbt"
    del model.spec["pages"][0]["elements"][3]["metrics"]
    models.may_publish = False
    done = run("publish", "--restore")
    document = json.loads(done.stdout)

    assert done.exit_code == 1
    assert f"PUT /v2/dataModels/{model.id}/spec" in done.stderr
    assert names(document)[0] == "Tables of dbt"
    assert document["pages"][0]["elements"][0]["id"] == model.spec["pages"][0]["elements"][0]["id"]


def test_print_shows_it_with_the_ids_and_changes_nothing(models, run):
    done = run("publish", "--print")
    document = json.loads(done.stdout)

    assert done.exit_code == 0
    assert document["folderId"] == HOME
    assert sources(document)[0]["path"] == ["ANALYTICS", "DBT_METADATA", "DBT_TAB"]
    assert models.models == {}


def test_without_sigma_it_is_printed_with_gaps_and_ends_with_2(run, monkeypatch):
    for name, value in SNOWFLAKE.items():
        monkeypatch.setenv(name, value)
    done = run("publish")
    document = json.loads(done.stdout)

    assert done.exit_code == 2
    assert "sigma-dbt-sync configure" in done.stderr
    assert names(document) == ELEMENTS
    assert sources(document)[0]["connectionId"] == "<connection id>"


def test_duckdb_cannot_be_published_and_it_says_what_to_do(models, run, monkeypatch):
    monkeypatch.setenv("WAREHOUSE", "duckdb")
    done = run("publish")

    assert done.exit_code == 2
    assert "Sigma cannot read a DuckDB file" in done.stderr
    assert "WAREHOUSE=snowflake" in done.stderr
    assert done.stdout == ""


def test_print_works_without_any_setting(run):
    done = run("publish", "--print")
    document = json.loads(done.stdout)

    assert done.exit_code == 0
    assert sources(document)[0]["path"] == ["<database>", "DBT_METADATA", "DBT_TAB"]


def test_print_goes_on_with_gaps_when_sigma_does_not_answer(models, run, monkeypatch):
    monkeypatch.setenv("SIGMA_CLIENT_SECRET", "wrong")
    done = run("publish", "--print")

    assert done.exit_code == 0
    assert "SIGMA_CLIENT_SECRET is wrong" in done.stderr
    assert json.loads(done.stdout)["folderId"] == "<folder id>"


def test_two_models_of_the_name_are_an_error_that_lists_them(models, run, folder):
    run("publish")
    (first,) = models.models.values()
    models.models["second"] = type(first)("second", first.name, HOME, first.spec)
    shutil.rmtree(folder / "data")
    done = run("publish")

    assert done.exit_code == 2
    assert first.id in done.stderr
    assert "second" in done.stderr
    assert "--model" in done.stderr


def test_columns_without_a_value_end_with_1(models, run):
    tables = view_tables()
    for path, table in tables.items():
        if path[-1] == "DBT_TAB":
            del table.columns["HEALTH"]
    (connection,) = models.organization.connections
    connection.information_schema = lambda: tables
    connection.index_everything()
    done = run("publish")

    assert done.exit_code == 1
    assert "cannot compute" in done.stdout
    assert "Health" in done.stdout


def test_print_and_dry_run_together_are_wrong_use(run):
    assert run("publish", "--print", "--dry-run").exit_code == 2


def test_without_a_database_it_says_which_setting_is_missing(models, run, monkeypatch):
    monkeypatch.delenv("SNOWFLAKE_DATABASE")
    done = run("publish")

    assert done.exit_code == 2
    assert "SNOWFLAKE_DATABASE" in done.stderr


def line(text, subject):
    return next((one for one in text.splitlines() if f" {subject}" in one), "")


def test_check_says_what_would_be_published_and_that_rights_cannot_be_asked(models, run):
    said = line(run("check").stdout, "publish")

    assert said.startswith("✓")
    assert "dbt metadata would be created in My Documents" in said
    assert "Whether the credentials may is not told" in said
    assert models.models == {}


def test_check_says_that_duckdb_cannot_be_published(models, run, monkeypatch):
    monkeypatch.setenv("WAREHOUSE", "duckdb")
    said = line(run("check").stdout, "publish")

    assert said.startswith("!")
    assert "Sigma cannot read a DuckDB file" in said


def test_check_is_silent_about_publishing_where_sigma_is_not_configured(run):
    assert line(run("check").stdout, "publish ") == ""


def test_remove_forgets_what_was_published_and_names_the_model(models, run, synced, monkeypatch):
    run("publish")
    kept = list((synced / "data" / "archive" / "sigma").rglob("*.json"))
    monkeypatch.setenv("WAREHOUSE", "duckdb")
    done = run("remove", answers="y\ny\n")

    assert kept
    assert not (synced / "data" / "archive").exists()
    assert 'data model\n              "dbt metadata"' in done.stdout
