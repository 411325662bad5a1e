"""A client of the stand-in Sigma, over real HTTP, and a warehouse that tests may change."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.demo.serve import serving
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.sigma_catalog import Organization, TableComments, WarehouseConnection
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import Pauses, Polling, TableSync, open_sigma
from tests.sigma.publishing import world

__all__ = ["world"]

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)
ORDERS = ("SHOP", "ANALYTICS", "ORDERS")
QUICK = Pauses(unavailable=0.001, rate_limited=0.001, longest=0.05, between_tokens=0)


@pytest.fixture
def warehouse():
    """What the warehouse holds now; change it, and Sigma does not know until it syncs."""
    columns = {"ORDER_ID": "One number per order.", "STATUS": "Where it stands.", "NOTE": None}
    return {ORDERS: TableComments("Orders.", columns)}


@pytest.fixture
def connection(warehouse):
    one = WarehouseConnection(
        id="11111111-aaaa-4bbb-8ccc-000000000001",
        name="Shop",
        information_schema=lambda: dict(warehouse),
    )
    one.index_everything()
    return one


@pytest.fixture
def organization(connection):
    others = [
        WarehouseConnection(
            id=f"22222222-aaaa-4bbb-8ccc-00000000000{number}", name=name, information_schema=dict
        )
        for number, name in enumerate(("Alpha", "Beta", "Gamma"))
    ]
    return Organization(
        connections=[*others, connection], clock=lambda: NOON, seconds_between_tokens=0
    )


@pytest.fixture
def app(organization):
    return sigma(organization)


@pytest.fixture
def server(app):
    with serving(app) as running:
        yield running


@pytest.fixture
def settings(server, organization):
    def make(**more) -> Settings:
        chosen = {
            "sigma_api_host": server.url,
            "sigma_client_id": organization.client_id,
            "sigma_client_secret": organization.client_secret,
            "sigma_connection": "Shop",
        }
        return Settings(_env_file=None, **(chosen | more))

    return make


@pytest.fixture
def opened(settings):
    """Open a client whose pauses are milliseconds."""

    @contextmanager
    def make(pauses=QUICK, **more):
        with open_sigma(settings(**more), pauses=pauses) as client:
            yield client

    return make


@pytest.fixture
def client(opened):
    with opened() as one:
        yield one


@pytest.fixture
def table_sync(client):
    """Make a sync of the connection that waits for milliseconds."""

    def make(**more) -> TableSync:
        chosen = {
            "read_back_seconds": 0.05,
            "discovery_seconds": 0.05,
            "polling": Polling(first=0.005, longest=0.01),
        }
        return TableSync(client, client.connection("Shop"), **(chosen | more))

    return make


@pytest.fixture
def asked(server):
    """List what was asked so far, without tokens, as `METHOD path`."""

    def listed(ending: str = "") -> list[str]:
        return [
            f"{one.method} {one.path}"
            for one in server.requests
            if one.path.endswith(ending) and one.path != "/v2/auth/token"
        ]

    return listed
