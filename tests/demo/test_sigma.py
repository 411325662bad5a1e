"""The stand-in Sigma over real HTTP: tokens, lists, and what a sync changes at which level."""

from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest

from sigma_dbt_sync.demo.serve import serving
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.sigma_catalog import Organization, TableComments, WarehouseConnection

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)
ID = "11111111-aaaa-4bbb-8ccc-000000000001"
ORDERS, ITEMS = ("SHOP", "ANALYTICS", "ORDERS"), ("SHOP", "ANALYTICS", "ITEMS")
FORM = {"grant_type": "client_credentials"}
BASIC = ("demo_client", "demo_secret")
FULL_FORM = FORM | {"client_id": BASIC[0], "client_secret": BASIC[1]}


@pytest.fixture
def warehouse():
    return {
        ORDERS: TableComments("Orders.", {"ID": "A number.", "STATUS": "Where it stands."}),
        ITEMS: TableComments("Items.", {"ID": "A number.", "SKU": None}),
    }


@pytest.fixture
def connection(warehouse):
    """Sigma knows the orders as they were, and no items."""
    return WarehouseConnection(
        id=ID,
        name="Shop",
        information_schema=lambda: dict(warehouse),
        indexed={ORDERS: TableComments("Old.", {"ID": "Old.", "STATUS": None})},
    )


@pytest.fixture
def organization(connection):
    others = [
        WarehouseConnection(id=name, name=name, information_schema=dict, is_archived=archived)
        for name, archived in (("Alpha", False), ("Beta", False), ("Old shop", True))
    ]
    return Organization(
        connections=[*others, connection], clock=lambda: NOON, seconds_between_tokens=0
    )


@contextmanager
def visiting(organization):
    with (
        serving(sigma(organization)) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        yield client


@pytest.fixture
def visitor(organization):
    """Ask without a token."""
    with visiting(organization) as client:
        yield client


@pytest.fixture
def api(visitor):
    token = visitor.post("/v2/auth/token", data=FULL_FORM).json()["access_token"]
    visitor.headers["Authorization"] = f"Bearer {token}"
    return visitor


@pytest.fixture
def sync(api):
    def post(*path, **params):
        return api.post(f"/v2/connections/{ID}/sync", json={"path": path}, params=params)

    return post


@pytest.fixture
def lookup(api):
    def post(*path):
        return api.post(f"/v2/connection/{ID}/lookup", json={"path": path})

    return post


@pytest.fixture
def described(api, lookup):
    """Show the descriptions of a table."""

    def read(path):
        inode = lookup(*path).json()["inodeId"]
        entries = api.get(f"/v2/connections/tables/{inode}/columns").json()["entries"]
        return {entry["name"]: entry.get("description") for entry in entries}

    return read


def code(answer) -> str:
    body = answer.json()
    assert set(body) == {"requestId", "message", "code"}
    return body["code"]


@pytest.mark.parametrize("sent", [{"data": FORM, "auth": BASIC}, {"data": FULL_FORM}])
def test_both_styles_of_credentials_get_a_token(sent, visitor):
    body = visitor.post("/v2/auth/token", **sent).json()

    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert visitor.get("/v2/whoami", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": FORM, "auth": ("demo_client", "wrong")}, 401),
        ({"data": FULL_FORM | {"client_secret": "wrong"}}, 401),
        ({"data": FORM}, 401),
        ({"data": FORM, "headers": {"Authorization": "Basic %%%"}}, 401),
        ({"data": FULL_FORM | {"grant_type": "password"}}, 400),
    ],
)
def test_other_credentials_get_none(sent, status, visitor):
    assert visitor.post("/v2/auth/token", **sent).status_code == status


def test_a_style_can_be_switched_off(organization, visitor):
    organization.credential_styles = {"form"}

    assert visitor.post("/v2/auth/token", data=FORM, auth=BASIC).status_code == 401
    assert visitor.post("/v2/auth/token", data=FULL_FORM).status_code == 200


def test_a_second_token_in_a_second_is_refused_by_the_edge(organization, visitor):
    organization.seconds_between_tokens = 60
    answers = [visitor.post("/v2/auth/token", data=FULL_FORM) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["content-type"].startswith("text/plain")
    assert answers[1].text == "error code: 1015"
    assert "retry-after" not in answers[1].headers


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic x"])
def test_without_a_token_nothing_is_told(header, visitor):
    answer = visitor.get("/v2/whoami", headers={"Authorization": header})

    assert answer.status_code == 401
    assert code(answer) == "unauthorized"
    assert answer.json()["message"] == "Token missing or malformed"
    assert answer.headers["x-request-id"]


def test_a_token_ends(organization, api):
    organization.token_seconds = 0.0
    token = api.post("/v2/auth/token", data=FULL_FORM).json()["access_token"]

    headers = {"Authorization": f"Bearer {token}"}
    assert api.get("/v2/whoami", headers=headers).status_code == 401


def test_connections_come_in_two_pages_without_has_more(api):
    first = api.get("/v2/connections").json()
    last = api.get("/v2/connections", params={"page": first["nextPage"]}).json()

    assert [entry["name"] for entry in first["entries"]] == ["Alpha", "Beta"]
    assert [entry["name"] for entry in last["entries"]] == ["Shop"]
    assert last["nextPage"] is None
    assert "hasMore" not in first | last
    assert {"connectionId", "type", "useOauth", "organizationId"} <= set(last["entries"][0])


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "1001"}, {"page": "2"}, {"limit": "x"}]
)
def test_a_page_nobody_can_read_is_a_bad_request(query, api):
    answer = api.get("/v2/connections", params=query)

    assert answer.status_code == 400
    assert code(answer) == "invalid_argument"


def test_connections_are_searched_by_name(api):
    found = api.get("/v2/connections", params={"search": "SHOP"}).json()["entries"]
    all_of_them = {"search": "shop", "includeArchived": "true"}

    assert [entry["name"] for entry in found] == ["Shop"]
    assert len(api.get("/v2/connections", params=all_of_them).json()["entries"]) == 2


def test_one_connection_is_shown(api):
    assert api.get(f"/v2/connections/{ID}").json()["name"] == "Shop"
    assert api.get("/v2/connections/none").status_code == 404


def test_lookup_is_singular(api, lookup):
    assert lookup(*ORDERS).status_code == 200
    plural = api.post(f"/v2/connections/{ID}/lookup", json={"path": ORDERS})
    assert plural.status_code == 404
    assert code(plural) == "not_found"


@pytest.mark.parametrize(
    ("path", "kind"), [(ORDERS, "table"), (ORDERS[:2], "scope"), (ORDERS[:1], "scope")]
)
def test_lookup_tells_the_kind(path, kind, lookup):
    assert lookup(*path).json()["kind"] == kind


@pytest.mark.parametrize("path", [ITEMS, ("SHOP", "OTHER"), ("shop", "analytics", "orders")])
def test_lookup_of_what_is_not_indexed_is_not_found(path, lookup):
    assert code(lookup(*path)) == "not_found"


@pytest.mark.parametrize("body", [{}, {"path": "A"}, {"path": [1]}, {"path": list("ABCD")}, [], 7])
@pytest.mark.parametrize("place", [f"connections/{ID}/sync", f"connection/{ID}/lookup"])
def test_a_path_is_a_list_of_at_most_three_names(place, body, api):
    assert api.post(f"/v2/{place}", json=body).status_code == 400


def test_a_table_sync_copies_the_comments(sync, described, organization):
    before = described(ORDERS)
    answer = sync(*ORDERS)

    assert (answer.status_code, answer.json()) == (200, {})
    assert before == {"ID": "Old.", "STATUS": None}
    assert described(ORDERS) == {"ID": "A number.", "STATUS": "Where it stands."}
    (done,) = organization.syncs
    assert (done.connection_id, done.path, done.level, done.at) == (ID, ORDERS, "table", NOON)


def test_a_table_sync_before_its_discovery_is_not_found(sync, organization):
    assert code(sync(*ITEMS)) == "not_found"
    assert organization.syncs == []


def test_a_schema_sync_discovers_tables_and_refreshes_no_column(sync, described):
    sync(*ORDERS[:2])

    assert described(ORDERS) == {"ID": "Old.", "STATUS": None}
    assert described(ITEMS) == {"ID": None, "SKU": None}
    sync(*ITEMS)
    assert described(ITEMS) == {"ID": "A number.", "SKU": None}


def test_a_schema_sync_forgets_dropped_tables(sync, lookup, warehouse):
    del warehouse[ORDERS]
    sync(*ORDERS[:2])

    assert lookup(*ORDERS).status_code == 404


def test_a_database_sync_discovers_schemas_and_no_table(sync, lookup, warehouse):
    warehouse["SHOP", "LATER", "X"] = TableComments()
    sync("SHOP")

    assert lookup("SHOP", "LATER").json()["kind"] == "scope"
    assert lookup("SHOP", "LATER", "X").status_code == 404


def test_the_whole_connection_can_be_synced(sync, lookup, warehouse):
    warehouse["LATER", "A", "X"] = TableComments()
    sync()

    assert lookup("LATER").status_code == 200
    assert lookup("LATER", "A").status_code == 404


def test_a_schema_the_connection_does_not_see_is_not_found(sync):
    assert sync("SHOP", "OTHER").status_code == 404


def test_an_oauth_connection_wants_its_service_account(sync, connection):
    connection.use_oauth = True

    assert code(sync(*ORDERS)) == "forbidden"
    assert sync(*ORDERS, useServiceAccount="true").status_code == 200


def test_on_redshift_a_table_has_two_names(sync, lookup, connection, warehouse):
    connection.type = "redshift"
    warehouse["ANALYTICS", "X"] = TableComments()
    sync("ANALYTICS")

    assert lookup("ANALYTICS", "X").json()["kind"] == "table"
    assert lookup(*ORDERS).status_code == 400


def test_an_annotation_wins_over_the_comment(sync, described, connection):
    connection.annotations[ORDERS, "ID"] = "Ask Ann."
    sync(*ORDERS)

    assert described(ORDERS)["ID"] == "Ask Ann."


def test_columns_come_in_pages_by_token(api, lookup, organization):
    organization.columns_a_page = 1
    place = f"/v2/connections/tables/{lookup(*ORDERS).json()['inodeId']}/columns"
    first = api.get(place).json()
    last = api.get(place, params={"pageToken": first["nextPageToken"]}).json()

    assert first["entries"][0]["description"] == "Old."
    assert last == {
        "entries": [{"name": "STATUS", "type": {"type": "text"}, "visibility": "included"}]
    }


def test_a_table_tells_its_path(api, lookup):
    inode = lookup(*ORDERS).json()["inodeId"]
    schema = lookup(*ORDERS[:2]).json()["inodeId"]

    told = api.get(f"/v2/connections/paths/{inode}").json()
    assert told == {"connectionId": ID, "path": list(ORDERS)}
    assert api.get(f"/v2/connections/paths/{schema}").status_code == 404


@pytest.mark.parametrize("path", ["/v2/nothing", "/v2/connections/", "/"])
def test_an_unknown_place_answers_in_the_envelope(path, api):
    answer = api.get(path)

    assert answer.status_code == 404
    assert code(answer) == "not_found"
