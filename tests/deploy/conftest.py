"""What the tests of deployments share: who is left out where, and a demo account to sync."""

import os
from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings
from tests.deploy.postgres import postgres, programs


def pytest_collection_modifyitems(items):
    missing = pytest.mark.skip(
        reason="PostgreSQL's server programs were not found (Debian: apt-get install postgresql)"
    )
    for item in items:
        if item.get_closest_marker("postgres") and programs() is None:
            item.add_marker(missing)


@pytest.fixture(scope="module")
def database():
    """Run a PostgreSQL server; give the variables that lead to an empty database of its own."""
    with postgres() as variables:
        yield variables


@pytest.fixture(scope="module")
def bare():
    """Give the environment without any setting of ours."""
    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours}


@pytest.fixture(scope="module")
def dbt_cloud():
    """Serve the demo account; give the settings that reach it."""
    account = Account(read_story(), anchor=datetime.now(UTC))
    with serve.running(account) as server:
        yield {
            "DBT_CLOUD_API_HOST": server.url,
            "DBT_CLOUD_SERVICE_TOKEN": TOKEN,
            "DBT_CLOUD_ACCOUNT_ID": str(ACCOUNT_ID),
        }
