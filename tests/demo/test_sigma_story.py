"""The Sigma beside the demo account: what its warehouse holds, and where it is stale."""

from datetime import timedelta

import httpx
import pytest

from sigma_dbt_sync.demo import serve, sigma_story
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN
from sigma_dbt_sync.demo.services import services

CUSTOMERS = ("shop", "analytics", "customers")
STG_ORDERS = ("shop", "analytics", "stg_orders")


@pytest.fixture
def organization(own_account):
    return sigma_story.organization(own_account, lambda: own_account.anchor)


@pytest.fixture
def warehouse(organization):
    return organization.connection(sigma_story.CONNECTION)


def comments(table) -> tuple:
    described = {name: text for name, text in table.columns.items() if text}
    return table.comment or "", described


def stale(warehouse) -> list:
    present = warehouse.information_schema()
    return sorted(
        path for path in present if comments(present[path]) != comments(warehouse.indexed[path])
    )


def test_sigma_is_stale_where_persisted_descriptions_changed(warehouse):
    assert stale(warehouse) == [CUSTOMERS, STG_ORDERS]


def test_the_sync_of_those_tables_makes_it_fresh(organization, warehouse):
    for path in stale(warehouse):
        organization.sync(warehouse, path)

    assert stale(warehouse) == []
    described = dict(warehouse.columns(STG_ORDERS))
    assert described["ordered_on"] == "Day the order was placed, in the time zone of the shop."


def test_a_run_counts_from_its_end(own_account):
    ended = own_account.run("descriptions").finished_at
    found = []
    for moment in (ended - timedelta(seconds=1), ended):
        organization = sigma_story.organization(own_account, lambda now=moment: now)
        found.append(stale(organization.connection(sigma_story.CONNECTION)))

    assert found == [[], [CUSTOMERS, STG_ORDERS]]


def test_the_newest_catalog_counts(own_account, warehouse):
    own_account.add_run("baseline", created_at=own_account.anchor - timedelta(minutes=30))

    assert stale(warehouse) == []


def test_staging_and_pull_requests_do_not_count(own_account, warehouse):
    for name in ("staging", "pull_request"):
        own_account.add_run(name, created_at=own_account.anchor - timedelta(minutes=30))

    assert {path[0] for path in warehouse.information_schema()} == {"shop"}
    assert stale(warehouse) == [CUSTOMERS, STG_ORDERS]


def test_one_address_serves_both(own_account, organization):
    with serve.serving(services(own_account, organization)) as server:
        settings = sigma_story.sigma_settings(organization, server.url)
        credentials = (settings["SIGMA_CLIENT_ID"], settings["SIGMA_CLIENT_SECRET"])
        form = {"grant_type": "client_credentials"}
        sigmas = httpx.post(f"{server.url}/v2/auth/token", data=form, auth=credentials)
        runs = f"{server.url}/api/v2/accounts/{ACCOUNT_ID}/runs/"
        dbts = httpx.get(runs, headers={"Authorization": f"Token {TOKEN}"})

    assert (sigmas.status_code, dbts.status_code) == (200, 200)
    assert settings["SIGMA_API_HOST"] == server.url
    assert settings["SIGMA_CONNECTION"] == "Demo warehouse"
