"""The stand-in's data models over real HTTP: what it refuses, corrects, renames and keeps."""

import asyncio
import copy
from datetime import UTC, datetime

import httpx
import pytest
import yaml

from sigma_dbt_sync.demo.serve import serving
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.sigma_catalog import Organization, TableComments, WarehouseConnection
from sigma_dbt_sync.demo.sigma_models import HOME

ID = "11111111-aaaa-4bbb-8ccc-000000000001"
FORM = {"grant_type": "client_credentials"}


@pytest.fixture
def connection():
    tables = {
        ("SHOP", "ANALYTICS", "ORDERS"): TableComments("Orders.", {"ID": None, "DAYS_TO_SHIP": ""}),
        ("SHOP", "ANALYTICS", "ITEMS"): TableComments("Items.", {"ORDER_ID": None}),
    }
    made = WarehouseConnection(
        id=ID, name="Shop", information_schema=lambda: tables, friendly_name=True
    )
    made.index_everything()
    return made


@pytest.fixture
def app(connection):
    organization = Organization(
        connections=[connection],
        clock=lambda: datetime(2027, 3, 9, tzinfo=UTC),
        seconds_between_tokens=0,
    )
    return sigma(organization)


@pytest.fixture
def models(app):
    return app.state.data_models


@pytest.fixture
def api(app, models):
    owner = models.organization
    with serving(app) as server, httpx.Client(base_url=server.url) as client:
        login = (owner.client_id, owner.client_secret)
        token = client.post("/v2/auth/token", data=FORM, auth=login).json()["access_token"]
        client.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})
        yield client


def document(**changes):
    """Write a model of two tables, one related to the other; `changes` go into the first."""
    orders = {
        "id": "orders",
        "kind": "table",
        "name": "Orders",
        "source": {
            "kind": "warehouse-table",
            "connectionId": ID,
            "path": ["SHOP", "ANALYTICS", "ORDERS"],
        },
        "columns": [
            {"id": "c1", "name": "Number", "formula": "[ORDERS/ID]"},
            {"id": "c2", "name": "Days", "formula": "[ORDERS/DAYS_TO_SHIP]"},
        ],
        "order": ["c2", "c1"],
        "metrics": [{"id": "m1", "name": "Orders", "formula": "Count([Number])"}],
    }
    items = {
        "id": "items",
        "kind": "table",
        "name": "Items",
        "source": orders["source"] | {"path": ["SHOP", "ANALYTICS", "ITEMS"]},
        "columns": [{"id": "c3", "formula": "[ITEMS/Order Id]"}],
        "relationships": [
            {
                "id": "r1",
                "name": "Order",
                "targetElementId": "orders",
                "keys": [{"sourceColumnId": "c3", "targetColumnId": "c1"}],
            }
        ],
    }
    page = {"id": "p1", "name": "Page", "elements": [orders | changes, items]}
    return {"name": "Shop", "schemaVersion": 1, "folderId": HOME, "pages": [page]}


@pytest.fixture
def create(api):
    def post(**changes):
        return api.post("/v2/dataModels/spec", json=document(**changes))

    return post


@pytest.fixture
def created(api, create):
    """Create a model and read it back."""
    model_id = create().json()["dataModelId"]
    return api.get(f"/v2/dataModels/{model_id}/spec").json()


def put(api, spec):
    return api.put(f"/v2/dataModels/{spec['dataModelId']}/spec", json=spec)


def elements(spec):
    return spec["pages"][0]["elements"]


def test_ids_are_replaced_and_references_follow(created):
    orders, items = elements(created)
    number, days = orders["columns"]
    (relationship,) = items["relationships"]

    assert not {"orders", "items", "c1", "c2", "c3", "m1", "r1"} & {
        part["id"] for part in [orders, items, number, days, *orders["metrics"], relationship]
    }
    assert orders["order"] == [days["id"], number["id"]]
    assert relationship["targetElementId"] == orders["id"]
    assert relationship["keys"] == [
        {"sourceColumnId": items["columns"][0]["id"], "targetColumnId": number["id"]}
    ]


def test_an_update_keeps_the_ids_that_sigma_gave_and_replaces_others(api, created):
    spec = copy.deepcopy(created)
    elements(spec)[0]["metrics"].append({"id": "m2", "name": "Late", "formula": "Max([Days])"})
    answer = put(api, spec | {"name": "Other"})
    after = api.get(f"/v2/dataModels/{spec['dataModelId']}/spec").json()

    assert answer.status_code == 200
    assert [one["id"] for one in elements(after)] == [one["id"] for one in elements(created)]
    assert elements(after)[0]["metrics"][1]["id"] != "m2"
    assert (after["name"], after["documentVersion"]) == ("Shop", 2)


def test_a_friendly_connection_writes_its_own_spelling(created):
    assert [one["formula"] for one in elements(created)[0]["columns"]] == [
        "[ORDERS/Id]",
        "[ORDERS/Days to Ship]",
    ]


def types(api, answer):
    model_id = answer.json()["dataModelId"]
    found = api.get(f"/v2/dataModels/{model_id}/columns").json()["entries"]
    return {one["name"]: one["type"]["type"] for one in found}


def test_a_column_that_is_not_there_is_taken_and_comes_to_an_error(api, create):
    columns = [{"id": "c1", "name": "Number", "formula": "[ORDERS/Nonsense]"}]
    answer = create(columns=columns, order=["c1"])

    assert types(api, answer) == {"Number": "error", "Order Id": "text"}


def test_without_friendly_names_only_the_warehouses_name_leads_anywhere(api, create, connection):
    connection.friendly_name = False
    answer = create()

    assert types(api, answer) == {"Number": "text", "Days": "text", "Order Id": "error"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Items"}, "not unique: Items"),
        ({"columns": [{"id": "c1", "name": "N", "formula": "[OTHER/ID]"}]}, "OTHER/ID"),
        ({"columns": [{"id": "c1", "name": "N"}]}, "formula: Invalid string"),
        ({"columns": [{"id": "c1", "name": "N/M", "formula": "[ORDERS/ID]"}]}, "slash"),
        ({"order": ["c1"]}, "order"),
        ({"metrics": [{"id": "m", "name": "M", "formula": "Count([Nope])"}]}, "reference Nope"),
        ({"metrics": [{"id": "m", "name": "M", "formula": "Tally([Days])"}]}, "function Tally"),
        ({"metrics": [{"id": "m", "name": "M", "formula": "CountIf(Not([Days]))"}]}, "Not"),
        ({"metrics": [{"id": "m", "name": "Days", "formula": "Max([Days])"}]}, "unique: Days"),
        (
            {"metrics": [{"id": "m", "name": "M", "formula": "Max([Days])", "format": {}}]},
            "kind",
        ),
        ({"relationships": [{"id": "r", "targetElementId": "x", "keys": []}]}, "no element x"),
        (
            {
                "relationships": [
                    {
                        "id": "r",
                        "targetElementId": "items",
                        "keys": [{"sourceColumnId": "c3", "targetColumnId": "c3"}],
                    }
                ]
            },
            "a key is no column",
        ),
        ({"id": "items"}, "not unique: items"),
    ],
)
def test_what_does_not_fit_is_refused(create, changes, words):
    answer = create(**changes)

    assert answer.status_code == 400
    assert words in answer.json()["message"]


def test_a_table_that_is_not_indexed_is_named(create, connection):
    del connection.indexed["SHOP", "ANALYTICS", "ORDERS"]
    answer = create()

    assert answer.status_code == 400
    assert answer.json()["message"] == (
        f"Source not found: warehouse table 'SHOP.ANALYTICS.ORDERS' on connection {ID}"
    )


def test_answers_are_yaml_unless_json_is_asked_for(api, created):
    at = f"/v2/dataModels/{created['dataModelId']}/spec"
    answer = api.get(at, headers={"Accept": "*/*"})

    assert answer.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(answer.text)["pages"] == created["pages"]


def test_without_the_right_nothing_is_created(create, models):
    models.may_publish = False

    assert create().status_code == 403
    assert models.models == {}


def test_a_folder_that_may_only_be_seen_takes_nothing(create, models):
    models.folders[HOME] = ("My Documents", "view")

    assert create().status_code == 403


def test_more_than_five_at_once_are_sent_away_by_the_edge(app, api, models):
    """All eight reach the app in one turn of its loop, long before the first is answered."""
    models.seconds = 0.5

    async def ask_together():
        transport = httpx.ASGITransport(app)
        at = "http://sigma.test/v2/dataModels"
        async with httpx.AsyncClient(transport=transport, headers=api.headers) as client:
            answers = await asyncio.gather(*(client.get(at) for _ in range(8)))
            return sorted(answer.status_code for answer in answers)

    assert asyncio.run(ask_together()) == [200] * 5 + [429] * 3


def test_models_and_folders_are_listed_in_pages(api, create, models):
    models.folders |= {name: (name, "edit") for name in ("a", "b", "c")}
    for _ in range(3):
        create()
    listed = api.get("/v2/dataModels").json()
    rest = api.get("/v2/dataModels", params={"page": listed["nextPage"]}).json()
    folders = api.get("/v2/files", params={"typeFilters": "folder"}).json()

    assert [len(listed["entries"]), len(rest["entries"])] == [2, 1]
    assert rest["nextPage"] is None
    assert (len(folders["entries"]), folders["total"]) == (2, 4)


def test_an_archived_model_is_listed_as_such_and_not_read(api, created, models):
    models.models[created["dataModelId"]].is_archived = True

    assert api.get("/v2/dataModels").json()["entries"][0]["isArchived"] is True
    assert api.get(f"/v2/dataModels/{created['dataModelId']}/spec").status_code == 404


def test_a_member_has_a_home(api, models):
    user = api.get("/v2/whoami").json()["userId"]

    assert api.get(f"/v2/members/{user}").json()["homeFolderId"] == HOME
    assert api.get("/v2/members/nobody").status_code == 404
