"""The endpoints: what is asked, and what is made of the answers."""

import logging

import httpx
import pytest

from sigma_dbt_sync.errors import ConfigurationError, NotFound, UnexpectedAnswer
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import Pauses, SigmaClient, open_sigma

ORDERS = ("SHOP", "ANALYTICS", "ORDERS")


def client_of(answer) -> SigmaClient:
    """Make a client whose every request but the first, for a token, `answer` answers."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/auth/token":
            return httpx.Response(200, json={"access_token": "t"})
        return answer(request)

    http = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://sigma.test")
    return SigmaClient(
        http, client_id="id", client_secret="secret", pauses=Pauses(between_tokens=0, attempts=1)
    )


def test_it_says_whose_credentials_are_used(client):
    assert client.whoami().account_type == "Admin"


def test_connections_are_read_over_all_pages(client, asked):
    names = [connection.name for connection in client.connections()]

    assert names == ["Alpha", "Beta", "Gamma", "Shop"]
    assert asked("/connections") == ["GET /v2/connections"] * 2


def test_a_connection_is_found_by_name_and_by_id(client, connection):
    by_name = client.connection("Shop")

    assert by_name.connection_id == connection.id
    assert (by_name.type, by_name.use_oauth, by_name.friendly_name) == ("snowflake", False, False)
    assert client.connection(f" {connection.id} ") == by_name


def test_an_unknown_connection_lists_those_that_exist(client):
    with pytest.raises(NotFound, match=r"SIGMA_CONNECTION.*Alpha, Beta, Gamma, Shop"):
        client.connection("shop 2")


def test_two_connections_of_a_name_are_told_apart_by_id(client, organization, connection):
    organization.connections[0].name = "Shop"

    with pytest.raises(ConfigurationError) as raised:
        client.connection("Shop")
    assert organization.connections[0].id in str(raised.value)
    assert connection.id in str(raised.value)


def test_archived_connections_do_not_count():
    entry = {"connectionId": "c1", "name": "Shop", "type": "Snowflake"}
    entries = [entry | {"connectionId": "c0", "isArchived": True}, entry]
    client = client_of(lambda _: httpx.Response(200, json={"entries": entries}))

    assert client.connection("Shop").connection_id == "c1"
    assert client.connection("Shop").type == "snowflake"


def test_a_page_that_comes_again_is_not_asked_for_forever():
    again = {"entries": [], "nextPage": "2"}

    with pytest.raises(UnexpectedAnswer, match="same page"):
        client_of(lambda _: httpx.Response(200, json=again)).connections()


@pytest.mark.parametrize("body", [{}, {"entries": None}, {"entries": [7]}, {"entries": [{}]}, []])
def test_a_list_that_is_none_is_unexpected(body):
    with pytest.raises(UnexpectedAnswer):
        client_of(lambda _: httpx.Response(200, json=body)).connections()


def test_lookup_tells_kind_id_and_page(client):
    shop = client.connection("Shop")
    table, schema = client.lookup(shop, ORDERS), client.lookup(shop, ORDERS[:2])

    assert (table.kind, schema.kind) == ("table", "scope")
    assert table.inode_id.startswith("inode-")
    assert table.url.startswith("https://")


def test_lookup_of_what_sigma_does_not_know_is_none(client):
    assert client.lookup(client.connection("Shop"), ("SHOP", "ANALYTICS", "NONE")) is None


def test_columns_are_read_over_all_pages(client, organization):
    organization.columns_a_page = 2
    inode = client.lookup(client.connection("Shop"), ORDERS)
    columns = {column.name: column.description for column in client.columns(inode.inode_id)}

    assert columns == {
        "ORDER_ID": "One number per order.",
        "STATUS": "Where it stands.",
        "NOTE": None,
    }


def test_columns_of_no_table_are_not_found(client):
    with pytest.raises(NotFound):
        client.columns("inode-x/../../whoami")


def test_a_sync_answers_with_its_request_id(client, organization):
    answer = client.sync(client.connection("Shop"), ORDERS)

    assert answer.http_status == 200
    assert answer.request_id
    assert [(done.level, done.path) for done in organization.syncs] == [("table", ORDERS)]


def test_an_oauth_connection_is_synced_by_its_service_account(client, organization, connection):
    connection.use_oauth = True
    client.sync(client.connection("Shop"), ORDERS)

    assert len(organization.syncs) == 1


def test_other_connections_are_synced_without_that_parameter(client, server):
    client.sync(client.connection("Shop"), ORDERS)

    assert server.requests[-1].query == {}


def test_every_request_is_counted(client, server):
    client.connections()
    client.whoami()

    assert client.traffic.requests == len(server.requests) == 4
    assert client.traffic.rate_limited == 0


def test_settings_without_sigma_open_no_client():
    with (
        pytest.raises(ConfigurationError, match="not configured"),
        open_sigma(Settings(_env_file=None)),
    ):
        pass


def test_half_a_configuration_says_what_is_missing(settings):
    half = settings(sigma_client_secret=None, sigma_client_id=None)

    with (
        pytest.raises(ConfigurationError, match="SIGMA_CLIENT_ID and SIGMA_CLIENT_SECRET"),
        open_sigma(half),
    ):
        pass


def test_secret_and_token_appear_nowhere(client, caplog):
    caplog.set_level(logging.DEBUG)
    client.whoami()
    told = [repr(client), repr(vars(client)), caplog.text]

    assert not any("demo_secret" in text or "Bearer" in text for text in told)
