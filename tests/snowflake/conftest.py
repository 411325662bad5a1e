"""A Snowflake on this machine whose log and faults belong to one test at a time."""

from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.settings import Settings
from tests.snowflake.account import Account
from tests.snowflake.two_warehouses import TwoWarehouses, demo_account


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def account(snowflake_account) -> Iterator[Account]:
    snowflake_account.forget()
    yield snowflake_account
    snowflake_account.forget()


@pytest.fixture
def database() -> str:
    """Name a database that no other test uses."""
    return f"T{uuid4().hex}".upper()


@pytest.fixture(scope="session")
def synced(snowflake_account, tmp_path_factory) -> TwoWarehouses:
    """Sync the demo account into both; tests only look at it."""
    snowflake_account.forget()
    account = demo_account()
    with serve.running(account) as server:
        snowflake = partial(snowflake_account.settings, f"T{uuid4().hex}".upper())
        made = TwoWarehouses(server.url, tmp_path_factory.mktemp("synced"), snowflake)
        made.sync(account, snowflake_account)
    return made
