"""`deliver`: what it sends, what it says, and how it ends."""

import json
import os
import shutil

import pytest

from sigma_dbt_sync.demo.account import TOKEN, Account
from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.demo.serve import serving
from sigma_dbt_sync.demo.services import services
from sigma_dbt_sync.demo.sigma_story import sigma_settings
from sigma_dbt_sync.demo.story import read_story
from tests.cli.conftest import NOW, OURS

CHANGED = {"shop.analytics.customers", "shop.analytics.stg_orders"}


@pytest.fixture
def served(organization, monkeypatch):
    """Serve the demo's dbt Cloud and Sigma, and let the settings reach both."""
    account = Account(read_story(), anchor=NOW)
    with serving(services(account, organization)) as server:
        told = sigma_settings(organization, server.url) | {
            "DBT_CLOUD_API_HOST": server.url,
            "DBT_CLOUD_SERVICE_TOKEN": TOKEN,
        }
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def loaded(served, run, monkeypatch):
    """Load the demo account while Sigma is not set up: its changes wait."""
    with monkeypatch.context() as patch:
        patch.delenv("SIGMA_CLIENT_SECRET")
        assert run("sync").exit_code == 0
    return served


def synced(organization):
    return {".".join(sync.path) for sync in organization.syncs if sync.level == "table"}


def test_what_waits_is_sent_once(loaded, run, organization):
    first = run("deliver")
    second = run("deliver")

    assert first.exit_code == second.exit_code == 0
    assert "Sigma synced 2 tables" in first.stdout
    assert "No table waits" in second.stdout
    assert synced(organization) == CHANGED
    assert len(organization.syncs) == 2


def test_json_names_every_table(loaded, run_json):
    report = run_json("deliver")

    assert {table["table"] for table in report["tables"]} == CHANGED
    assert {table["state"] for table in report["tables"]} == {"confirmed"}
    assert report["remaining"] == 0


def test_a_dry_run_asks_sigma_nothing(loaded, run, organization):
    done = run("deliver", "--dry-run")
    asked = [request for request in loaded.requests if request.path.startswith("/v2/")]

    assert done.exit_code == 0
    assert all(table in done.stdout for table in CHANGED)
    assert asked == []


def test_a_relation_may_be_named_though_it_did_not_change(loaded, run, organization):
    done = run("deliver", "--relation", "orders")

    assert done.exit_code == 0, done.output
    assert synced(organization) == {"shop.analytics.orders"}


def test_all_sends_the_baseline_too(loaded, run_json, organization):
    report = run_json("deliver", "--all")

    assert synced(organization) > CHANGED
    assert {table["table"] for table in report["tables"]} == synced(organization)


def test_a_table_that_is_refused_ends_with_1_and_says_what_to_do(loaded, run):
    body = b'{"requestId": "r1", "message": "Forbidden", "code": "forbidden"}'
    loaded.faults.append(Fault("^/v2/connections/.*/sync", status=403, body=body, times=100))
    done = run("deliver")

    assert done.exit_code == 1
    assert "denied" in done.stdout
    assert "Can use & annotate" in done.stdout


def test_relation_and_all_together_are_wrong_use(run):
    assert run("deliver", "--all", "--relation", "orders").exit_code == 2


def test_without_tables_it_says_to_sync_first(run):
    done = run("deliver")

    assert done.exit_code == 1
    assert "sigma-dbt-sync sync" in done.output


def test_without_sigma_it_says_how_to_set_it_up(synced_data, folder, run):
    shutil.copytree(synced_data, folder / "data")
    done = run("deliver")

    assert done.exit_code == 2
    assert "sigma-dbt-sync configure" in done.output


def test_a_sync_delivers_by_itself_and_says_so(served, run, organization):
    report = json.loads(run("sync", "--json").stdout)
    again = json.loads(run("sync", "--json").stdout)

    assert {table["state"] for table in report["sigma"]["tables"]} == {"confirmed"}
    assert synced(organization) == CHANGED
    assert again["sigma"] is None


def test_a_dry_run_in_json_names_every_table(loaded, run_json):
    report = run_json("deliver", "--dry-run")

    assert {table["table"] for table in report["tables"]} == CHANGED
    assert {table["cause"] for table in report["tables"]} == {"doc_changes"}


def test_a_wait_is_told_on_standard_error_and_leaves_json_alone(loaded, run_program):
    """Sigma is over its limit, and says for how long."""
    loaded.faults.append(Fault(r"^/v2/connections\?", status=429, headers={"Retry-After": "2"}))
    chosen = {name: os.environ[name] for name in OURS & os.environ.keys()}
    done = run_program("deliver", "--json", **chosen)

    assert done.returncode == 0, done.stderr
    assert {table["state"] for table in json.loads(done.stdout)["tables"]} == {"confirmed"}
    assert "Again in 2 s." in done.stderr
