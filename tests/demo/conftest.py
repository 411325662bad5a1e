"""One server for tests that only read, and a fresh one for tests that change the account."""

from datetime import UTC, datetime

import httpx
import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)


def reader(server, **headers) -> httpx.Client:
    return httpx.Client(
        base_url=f"{server.url}/api/v2/accounts/{ACCOUNT_ID}",
        headers={"Authorization": f"Token {TOKEN}", **headers},
    )


@pytest.fixture(scope="session")
def account():
    return Account(read_story(), anchor=NOW)


@pytest.fixture(scope="session")
def api(account):
    with serve.running(account) as server, reader(server) as client:
        yield client


@pytest.fixture
def own_account():
    return Account(read_story(), anchor=NOW)


@pytest.fixture
def own_server(own_account):
    with serve.running(own_account) as server:
        yield server


@pytest.fixture
def own_api(own_server):
    with reader(own_server) as client:
        yield client
