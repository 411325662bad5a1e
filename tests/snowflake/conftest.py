"""A Snowflake on this machine whose log and faults belong to one test at a time."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from sigma_dbt_sync.settings import Settings
from tests.snowflake.account import Account


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
