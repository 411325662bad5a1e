"""Options of the suite: golden files written anew, more damage and mixtures than usual.

Hypothesis takes the same examples every time, so that a change is judged by what it changes;
`--hypothesis-profile=default` looks for new ones.
"""

import atexit
import os
from uuid import uuid4

import pytest
from hypothesis import settings

settings.load_profile("ci")

SNOWFLAKE = {
    f"snowflake_{part}"
    for part in (
        *("connection_name", "account", "user", "authenticator", "role", "warehouse", "database"),
        *("private_key_file", "private_key_password", "token", "workload_identity_provider"),
        *("host", "port", "protocol"),
    )
}


def pytest_addoption(parser):
    parser.addoption(
        "--write-golden", action="store_true", help="write golden files instead of comparing"
    )
    parser.addoption("--mutations", type=int, default=300, help="how many artifacts to damage")
    parser.addoption("--mixtures", type=int, default=2, help="how often to mix real runs")


@pytest.fixture(scope="session")
def snowflake_account():
    """A Snowflake on this machine, in a process of its own."""
    from tests.snowflake.account import running

    with running() as account:
        yield account


@pytest.fixture(scope="session")
def real_snowflake(request):
    """Make settings of a real account, by schema name; opt-in by `-m snowflake`.

    SNOWFLAKE_* of the environment say which account; the role needs CREATE SCHEMA on the database.
    """
    from sigma_dbt_sync.errors import ConfigurationError
    from sigma_dbt_sync.settings import load_settings
    from sigma_dbt_sync.warehouse.snowflake_login import login_from

    if "snowflake" not in request.config.option.markexpr:
        pytest.skip("opt-in: -m snowflake, with SNOWFLAKE_* set, runs it on a real account")
    named = load_settings(_env_file=None).model_dump(include=SNOWFLAKE, exclude_unset=True)

    def settings(schema, **others):
        chosen = {**named, "warehouse": "snowflake", "snowflake_schema": schema, **others}
        return load_settings(_env_file=None, **chosen)

    try:
        login_from(settings("TEST"))
    except ConfigurationError as error:
        pytest.skip(f"no Snowflake account: {error}")
    return settings


@pytest.fixture
def own_schema(real_snowflake):
    """Name a schema of the real account that a test makes, and drop it afterwards."""
    from sigma_dbt_sync.warehouse.snowflake_login import login_from
    from sigma_dbt_sync.warehouse.snowflake_session import Session

    name = f"SIGMA_DBT_SYNC_TEST_{uuid4().hex}".upper()
    yield name
    session = Session(login_from(real_snowflake(name)))
    try:
        session.run(f"DROP SCHEMA IF EXISTS {name}")
    finally:
        session.close()


def pytest_unconfigure():
    """Let the last line be pytest's own.

    While Python shuts down, DuckDB's binding lists every object of its own that something still
    refers to. That says nothing about a test.
    """
    atexit.register(os.dup2, os.open(os.devnull, os.O_WRONLY), 2)
