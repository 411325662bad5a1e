"""What the stand-in assumes, asked of a real Sigma organization. Skipped unless it is named.

    SIGMA_API_HOST=… SIGMA_CLIENT_ID=… SIGMA_CLIENT_SECRET=… SIGMA_CONNECTION=…
    SIGMA_TEST_TABLE=DATABASE.SCHEMA.TABLE  python -m pytest -m sigma

The table is synced, which brings its columns and comments up to date in Sigma and changes nothing
else. Names as the warehouse holds them; none of them may hold a dot.
"""

import os

import httpx
import pytest

from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import Pauses, TableSync, Wanted, open_sigma
from sigma_dbt_sync.sigma.token import AccessToken

NEEDED = tuple(
    f"SIGMA_{name}"
    for name in ("API_HOST", "CLIENT_ID", "CLIENT_SECRET", "CONNECTION", "TEST_TABLE")
)
UNSET = [name for name in NEEDED if not os.environ.get(name)]
pytestmark = [
    pytest.mark.sigma,
    pytest.mark.skipif(bool(UNSET), reason=f"not set: {', '.join(UNSET)}"),
]


@pytest.fixture(scope="module")
def settings():
    return Settings(_env_file=None)


@pytest.fixture(scope="module")
def client(settings):
    with open_sigma(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def connection(client, settings):
    return client.connection(settings.sigma_connection)


@pytest.fixture(scope="module")
def path():
    return tuple(os.environ["SIGMA_TEST_TABLE"].split("."))


@pytest.mark.parametrize("in_form", [False, True], ids=["header", "form"])
def test_credentials_open_in_both_styles(settings, in_form):
    with httpx.Client(base_url=settings.sigma_api_host, timeout=60) as http:
        token = AccessToken(
            http,
            settings.sigma_client_id,
            settings.sigma_client_secret.get_secret_value(),
            pauses=Pauses(),
        )
        token._in_form = in_form
        assert token.current()
        assert token._in_form == in_form


def test_it_says_whose_credentials_are_used(client):
    assert client.whoami().user_id


def test_a_connection_is_found_by_name_and_by_id(client, connection):
    assert client.connection(connection.connection_id) == connection
    assert client.connection(connection.name) == connection


def test_lookup_knows_the_table_and_nothing_that_is_none(client, connection, path):
    assert client.lookup(connection, path).kind == "table"
    assert client.lookup(connection, (*path[:-1], "NO_SUCH_TABLE_OF_OURS")) is None


def test_a_table_is_synced_and_its_columns_are_read_back(client, connection, path):
    """What Sigma shows now is what it should show: that has to come out as confirmed."""
    inode = client.lookup(connection, path)
    client.sync(connection, path)
    shown = {column.name: column.description or "" for column in client.columns(inode.inode_id)}
    outcome = TableSync(client, connection).run(Wanted(path=path, columns=shown))

    assert shown
    assert (outcome.state, outcome.error) == ("confirmed", None)
    assert outcome.http_status // 100 == 2


def test_a_table_nobody_has_is_not_in_sigma(client, connection, path):
    """Its schema is synced once, as for a table that is new."""
    unknown = Wanted(path=(*path[:-1], "NO_SUCH_TABLE_OF_OURS"))
    outcome = TableSync(client, connection, discovery_seconds=5).run(unknown)

    assert outcome.state == "not_in_sigma"
