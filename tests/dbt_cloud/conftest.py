"""A client of the stand-in dbt Cloud, over real HTTP."""

from datetime import UTC, datetime

import pytest
import stamina

from sigma_dbt_sync.dbt_cloud import open_client
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def retries_without_waiting():
    with stamina.set_testing(testing=True, attempts=3):
        yield


@pytest.fixture
def account():
    return Account(read_story(), anchor=NOON)


@pytest.fixture
def server(account):
    with serve.running(account) as running:
        yield running


@pytest.fixture
def settings(server):
    def make(**more) -> Settings:
        chosen = {
            "dbt_cloud_api_host": server.url,
            "dbt_cloud_service_token": TOKEN,
            "dbt_cloud_account_id": ACCOUNT_ID,
        }
        return Settings(_env_file=None, **(chosen | more))

    return make


@pytest.fixture
def client(settings):
    with open_client(settings()) as opened:
        yield opened
