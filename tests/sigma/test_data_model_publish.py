"""Publishing over HTTP: where, with which rights, and what Sigma may answer."""

import pytest

from sigma_dbt_sync.demo.faults import Fault, edge_limit
from sigma_dbt_sync.demo.sigma_models import HOME
from sigma_dbt_sync.errors import (
    AccessDenied,
    ArchiveError,
    ConfigurationError,
    NotFound,
    Unavailable,
    UnexpectedAnswer,
)
from sigma_dbt_sync.sigma import data_model, open_sigma
from sigma_dbt_sync.sync import data_model as publishing
from sigma_dbt_sync.sync import data_model_notes
from sigma_dbt_sync.sync.data_model import Asked, plan_publication, send
from tests.sigma.publishing import QUICK, SCHEMA, metadata_connection, newer_version, view_tables

SPEC = "/v2/dataModels/spec"


def test_it_is_created_in_my_documents_with_everything_in_it(world):
    published = world.publish()

    assert published.plan.action == "created"
    assert (world.model.name, world.model.folder_id) == ("dbt metadata", HOME)
    assert list(world.elements()) == [element.name for element in data_model.ELEMENTS]
    assert published.broken == []
    assert published.model_id == world.model.id
    assert published.url.endswith(world.model.id)


def test_its_relationships_point_at_the_ids_that_sigma_gave(world):
    world.publish()
    tests, tab = world.elements()["dbt tests"], world.elements()["dbt tables"]
    (table,) = [one for one in tests["relationships"] if one["name"] == "Table"]

    assert table["targetElementId"] == tab["id"]
    assert table["keys"] == [
        {
            "sourceColumnId": world.part("dbt tests", "columns", "Node Key")["id"],
            "targetColumnId": world.part("dbt tables", "columns", "Node Key")["id"],
        }
    ]


def test_the_second_time_nothing_is_changed_nor_synced(world):
    world.publish()
    before, syncs = world.model.version, len(world.organization.syncs)
    again = world.publish()

    assert again.plan.action == "unchanged"
    assert world.model.version == before
    assert world.writes() == ["POST"]
    assert len(world.organization.syncs) == syncs


def test_the_second_time_nothing_is_changed_by_whoever_remembers_nothing_either(world):
    world.publish()
    world.forget()
    again = world.publish()

    assert again.plan.action == "unchanged"
    assert again.plan.merged.kept == []
    assert world.writes() == ["POST"]


def test_what_sigma_writes_in_its_own_way_is_no_change(world):
    world.models.leaves_out_names = True
    world.publish()

    assert "name" not in world.elements()["dbt tables"]["columns"][0]
    assert world.publish().plan.action == "unchanged"
    assert world.model.version == 1


@pytest.mark.parametrize("friendly_name", [True, False])
def test_columns_resolve_whatever_the_connection_calls_them(world, friendly_name):
    world.organization.connections[:] = [metadata_connection(friendly_name=friendly_name)]
    published = world.publish()

    assert published.broken == []
    assert world.publish().plan.action == "unchanged"


def test_a_schema_that_sigma_has_not_looked_at_is_synced_first(world):
    world.organization.connections[:] = [metadata_connection(indexed=False)]
    world.publish()

    levels = [sync.level for sync in world.organization.syncs]
    assert world.organization.syncs[0].path == SCHEMA
    assert levels == ["schema"] + ["table"] * len(data_model.ELEMENTS)
    assert world.writes() == ["POST"]


def test_columns_that_a_view_has_got_meanwhile_are_there(world):
    stale = view_tables()
    del stale[*SCHEMA, "DBT_TAB"].columns["HEALTH"]
    world.connection.indexed = stale

    assert world.publish().broken == []


def test_a_view_that_turns_up_late_is_waited_for_and_asked_for_once_more(world):
    tables = view_tables("data_quality")
    world.connection.information_schema = lambda: dict(tables)
    world.connection.index_everything()
    calls = []

    def late():
        calls.append(1)
        return dict(tables) if len(calls) < 2 else view_tables()

    world.connection.information_schema = late
    published = world.publish()

    assert published.plan.action == "created"
    assert world.writes() == ["POST", "POST"]
    assert [sync.path for sync in world.organization.syncs].count(SCHEMA) == 2


def test_a_view_that_sigma_cannot_see_is_named_with_what_to_grant(world, monkeypatch):
    monkeypatch.setattr(publishing, "_DISCOVERY_SECONDS", 0.05)
    tables = view_tables("data_quality", "job_health")
    world.connection.information_schema = lambda: tables
    world.connection.index_everything()
    with pytest.raises(NotFound) as raised:
        world.publish()
    said = str(raised.value)

    assert "ANALYTICS.DBT_METADATA.DATA_QUALITY" in said
    assert "ANALYTICS.DBT_METADATA.JOB_HEALTH" in said
    assert "DBT_TAB," not in said
    assert "GRANT SELECT" in said
    assert world.models.models == {}
    assert world.writes() == ["POST"]


def test_who_may_not_sync_the_schema_may_still_publish(world):
    body = b'{"requestId": "r1", "message": "Forbidden", "code": "forbidden"}'
    world.server.faults.append(Fault("/sync$|/sync[?]", status=403, body=body))

    assert world.publish().plan.action == "created"


def test_who_may_not_publish_is_told_which_right_is_missing(world):
    world.models.may_publish = False
    with pytest.raises(AccessDenied, match="Create, edit, and publish data models"):
        world.publish()


def test_what_may_have_been_created_is_not_created_twice(world):
    world.server.faults.append(Fault(SPEC, status=502, body=b"<html>", times=1))
    with pytest.raises(Unavailable):
        world.publish()

    assert world.writes() == ["POST"]
    assert world.publish().plan.action == "created"


def test_a_document_that_sigma_does_not_take_asks_to_look_at_the_model(world, monkeypatch):
    world.publish()
    tab = world.elements()["dbt tables"]
    tab["metrics"].append({"id": "x", "name": "Broken", "formula": "Count([Gone])"})
    newer_version(monkeypatch, description="Tables that are late.")
    with pytest.raises(UnexpectedAnswer, match="repair what shows an error"):
        world.publish()


def test_a_limit_of_the_edge_is_waited_out(world):
    world.server.faults.append(edge_limit(SPEC, times=2))

    assert world.publish().plan.action == "created"
    assert world.writes() == ["POST", "POST", "POST"]


def test_a_model_left_by_a_publication_that_broke_off_is_taken_up(world):
    world.server.faults.append(Fault("/v2/dataModels/.+/spec", status=404, body=b"{}", times=1))
    with pytest.raises(NotFound):
        world.publish()
    again = world.publish()

    assert again.plan.action == "unchanged"
    assert len(world.models.models) == 1


def test_answers_in_yaml_are_read_too(world):
    settings = world.settings()
    with open_sigma(settings, pauses=QUICK) as client:
        client._http._http.headers["Accept"] = "*/*"
        plan = plan_publication(client, settings, Asked())
        send(client, settings, plan)
        again = plan_publication(client, settings, Asked())

    assert plan.action == "created"
    assert again.action == "unchanged"


def another(world, name="dbt metadata", folder=HOME):
    """Let somebody make a second model that looks like the first."""
    world.publish()
    copied = type(world.model)("9" * 8 + world.model.id[8:], name, folder, world.model.spec)
    world.models.models[copied.id] = copied
    return copied


def test_two_models_of_the_name_are_listed_and_none_is_touched(world):
    second = another(world)
    (first, _) = world.models.models
    world.forget()
    with pytest.raises(ConfigurationError) as raised:
        world.publish()

    assert first in str(raised.value)
    assert second.id in str(raised.value)
    assert "--model" in str(raised.value)
    assert world.writes() == ["POST"]
    assert world.publish(model=second.id).plan.model_id == second.id


def test_of_two_models_the_one_published_before_is_meant_even_renamed(world):
    first = world.publish().model_id
    world.model.name = "All about dbt"
    another_one = type(world.model)("other", "dbt metadata", HOME, {"pages": []})
    world.models.models[another_one.id] = another_one
    again = world.publish()

    assert (again.model_id, again.plan.action) == (first, "unchanged")


def test_a_folder_tells_two_models_apart(world):
    world.models.folders["team"] = ("Team", "edit")
    second = another(world, folder="team")
    world.forget()

    assert world.publish(folder="Team").model_id == second.id


def test_a_model_of_the_name_that_reads_none_of_the_views_is_somebody_elses(world):
    world.publish()
    world.forget()
    world.model.spec["pages"] = []
    with pytest.raises(ConfigurationError, match="somebody else's"):
        world.publish()


def test_an_archived_model_is_not_brought_back(world):
    world.publish()
    world.model.is_archived = True

    assert world.publish().plan.action == "created"
    assert len(world.models.models) == 2


def test_a_folder_is_found_by_name_and_by_id_and_must_be_there(world):
    world.models.folders["team"] = ("Team", "edit")

    assert world.plan(folder="Team").document["folderId"] == "team"
    assert world.plan(folder="team").document["folderId"] == "team"
    with pytest.raises(ConfigurationError, match=r"no folder Nowhere.*My Documents"):
        world.plan(folder="Nowhere")


def test_two_folders_of_a_name_are_told_apart_by_id(world):
    world.models.folders |= {"a": ("Team", "edit"), "b": ("Team", "edit")}
    with pytest.raises(ConfigurationError, match="2 folders named Team"):
        world.plan(folder="Team")


def test_without_my_documents_it_is_the_first_folder_that_may_be_edited(world):
    world.models.tells_home = False
    world.models.folders = {"a": ("Finance", "view"), "b": ("Team", "edit")}

    assert world.plan().document["folderId"] == "b"


def test_without_any_folder_it_says_to_name_one(world):
    world.models.tells_home = False
    world.models.folders = {"a": ("Finance", "view")}
    with pytest.raises(ConfigurationError, match="--folder"):
        world.plan()


def test_a_name_of_ones_own_makes_a_model_of_its_own(world):
    world.publish()
    second = world.publish(model="dbt, for finance")

    assert second.plan.action == "created"
    assert [one.name for one in world.models.models.values()] == ["dbt metadata", second.plan.name]


def test_an_id_that_is_not_there_makes_nothing(world):
    with pytest.raises(ConfigurationError, match="no data model with the id"):
        world.publish(model="0c1d2e3f-8a1b-4f6d-9a57-6e1f0b2c3d4e")


def test_several_connections_have_to_be_chosen_from(world):
    settings = world.settings(sigma_connection="1=Warehouse,2=Other")
    with open_sigma(settings, pauses=QUICK) as client:
        with pytest.raises(ConfigurationError, match="--connection"):
            plan_publication(client, settings, Asked())
        assert plan_publication(client, settings, Asked(connection="Warehouse"))


def test_columns_that_sigma_cannot_compute_are_named(world):
    tables = view_tables()
    del tables[*SCHEMA, "DBT_TAB"].columns["HEALTH"]
    world.connection.information_schema = lambda: tables
    world.connection.index_everything()

    assert world.publish().broken == ["Health"]


def test_a_damaged_note_is_named_and_not_guessed_at(world):
    world.publish()
    (note,) = (world.folder / "archive" / data_model_notes.FOLDER).rglob("*.json")
    note.write_bytes(b"{")
    with pytest.raises(ArchiveError, match="damaged"):
        world.publish()
