"""What people did to the model in Sigma outlives every update."""

import ast
import copy

from sigma_dbt_sync.sync import data_model as publishing
from tests.sigma.publishing import newer_version


def test_a_connection_that_changes_its_names_is_followed(world):
    world.publish()
    world.connection.friendly_name = False
    published = world.publish()

    assert published.plan.action == "updated"
    assert published.broken == []
    assert world.part("dbt freshness", "metrics", "Stale tables")["formula"] == "CountIf([IS_LATE])"
    assert world.part("dbt tables", "columns", "HEALTH")["formula"] == "[DBT_TAB/HEALTH]"


def test_an_update_keeps_what_a_person_renamed_and_rewrote(world, monkeypatch):
    world.publish()
    metric = world.part("dbt freshness", "metrics", "Stale tables")
    metric["name"] = "Late tables"
    world.elements()["dbt quality"]["name"] = "Data quality"
    world.part("dbt tables", "columns", "Health")["description"] = "Ask Kim."
    newer_version(monkeypatch, description="Tables that are late.")
    published = world.publish()

    assert published.plan.action == "updated"
    assert published.plan.merged.changed == ["dbt freshness: metric Stale tables (description)"]
    assert metric["id"] == world.part("dbt freshness", "metrics", "Late tables")["id"]
    changed = world.part("dbt freshness", "metrics", "Late tables")
    assert changed["description"] == "Tables that are late."
    assert "Data quality" in world.elements()
    assert world.part("dbt tables", "columns", "Health")["description"] == "Ask Kim."
    assert sorted(published.plan.merged.kept) == [
        "dbt freshness: metric Stale tables (name)",
        "dbt quality (name)",
        "dbt tables: column Health (description)",
    ]


def test_what_was_kept_once_is_kept_for_ever(world, monkeypatch):
    world.publish()
    world.part("dbt freshness", "metrics", "Stale tables")["description"] = "Ours."
    newer_version(monkeypatch, formula="CountIf([{is_late}] = True)")
    world.publish()
    newer_version(monkeypatch, description="Newest.")
    world.publish()

    assert world.part("dbt freshness", "metrics", "Stale tables")["description"] == "Ours."


def test_what_people_added_stays(world, monkeypatch):
    world.publish()
    tab = world.elements()["dbt tables"]
    tab["columns"].append({"id": "x1", "name": "Is Mine", "formula": '[Owner Name] = "Kim"'})
    tab["metrics"].append({"id": "x2", "name": "Mine", "formula": "CountIf([Is Mine])"})
    tab["folders"] = [{"id": "f1", "name": "Keys", "items": []}]
    world.model.spec["pages"].append({"id": "x3", "name": "Ours", "elements": []})
    newer_version(monkeypatch, description="Tables that are late.")
    published = world.publish()

    assert published.plan.action == "updated"
    assert published.broken == []
    assert world.part("dbt tables", "metrics", "Mine")["id"] == "x2"
    assert world.part("dbt tables", "columns", "Is Mine")["formula"] == '[Owner Name] = "Kim"'
    assert world.elements()["dbt tables"]["folders"] == tab["folders"]
    assert [page["name"] for page in world.model.spec["pages"]] == ["dbt", "Ours"]


def test_what_people_removed_stays_removed_until_it_is_to_be_restored(world, monkeypatch):
    world.publish()
    (page,) = world.model.spec["pages"]
    page["elements"] = [one for one in page["elements"] if one["name"] != "dbt quality"]
    tab = world.elements()["dbt tables"]
    tab["relationships"] = [one for one in tab["relationships"] if one["name"] != "Quality"]
    tab["columns"] = [one for one in tab["columns"] if one["name"] != "Query Id"]
    newer_version(monkeypatch, description="Tables that are late.")
    published = world.publish()

    assert published.plan.action == "updated"
    assert published.plan.merged.removed == [
        "dbt tables: column Query Id",
        "dbt quality",
        "dbt tables: relationship Quality",
    ]
    assert "dbt quality" not in world.elements()

    restored = world.publish(restore=True)

    assert "dbt quality" in world.elements()
    assert world.part("dbt tables", "columns", "Query Id")
    assert "dbt tables: relationship Quality" in restored.plan.merged.added
    assert world.publish().plan.action == "unchanged"


def test_what_people_made_in_place_of_ours_is_theirs(world, monkeypatch):
    world.publish()
    quality = world.elements()["dbt quality"]
    quality |= {"id": "theirs", "name": "Quality of orders", "metrics": []}
    health = world.part("dbt tables", "columns", "Health")
    health |= {"id": "mine", "description": "Ask Kim."}
    tab = world.elements()["dbt tables"]
    tab["relationships"] = [one for one in tab["relationships"] if one["name"] != "Quality"]
    before = copy.deepcopy(world.elements())
    newer_version(monkeypatch, description="Tables that are late.")
    published = world.publish()

    assert published.plan.merged.added == []
    assert published.plan.merged.kept == []
    assert "dbt quality" in published.plan.merged.removed
    assert "dbt tables: column Health" in published.plan.merged.removed
    assert world.elements()["Quality of orders"] == before["Quality of orders"]
    assert world.part("dbt tables", "columns", "Health") == health


def test_a_metric_is_not_added_where_its_column_was_removed(world, monkeypatch):
    newer_version(monkeypatch, without="Stale tables")
    world.publish()
    fresh = world.elements()["dbt freshness"]
    fresh["columns"] = [one for one in fresh["columns"] if one["name"] != "Is Late"]
    monkeypatch.undo()
    published = world.publish()

    assert published.plan.action == "unchanged"
    assert "dbt freshness: metric Stale tables" in published.plan.merged.removed


def test_a_new_metric_counts_on_columns_by_what_people_call_them_now(world, monkeypatch):
    newer_version(monkeypatch, without="Stale tables")
    world.publish()
    world.part("dbt freshness", "columns", "Is Late")["name"] = "Overdue"
    monkeypatch.undo()
    published = world.publish()

    assert published.plan.merged.added == ["dbt freshness: metric Stale tables"]
    assert world.part("dbt freshness", "metrics", "Stale tables")["formula"] == "CountIf([Overdue])"


def test_a_name_that_somebody_took_is_left_to_them(world, monkeypatch):
    monkeypatch.setattr(publishing, "load_views", views_without("query_id"))
    newer_version(monkeypatch, without="Stale tables")
    world.publish()
    mine = {"id": "x", "name": "Query Id", "formula": "Text([Run Id])"}
    world.elements()["dbt tables"]["columns"].append(mine)
    theirs = {"id": "y", "name": "Stale tables", "formula": "CountIf([Age Seconds] > 86400)"}
    world.elements()["dbt freshness"]["metrics"].append(theirs)
    monkeypatch.undo()
    published = world.publish()

    assert published.plan.action == "unchanged"
    assert "dbt tables: column Query Id (something else has its name)" in published.plan.merged.kept
    assert world.part("dbt tables", "columns", "Query Id")["formula"] == "Text([Run Id])"
    assert "description" not in world.part("dbt freshness", "metrics", "Stale tables")


def test_a_new_column_takes_its_place_in_an_order_that_people_chose(world, monkeypatch):
    monkeypatch.setattr(publishing, "load_views", views_without("query_id"))
    world.publish()
    tab = world.elements()["dbt tables"]
    tab["order"] = [one["id"] for one in reversed(tab["columns"])]
    monkeypatch.undo()
    world.publish()
    tab = world.elements()["dbt tables"]

    assert tab["order"][-1] == world.part("dbt tables", "columns", "Query Id")["id"]
    assert len(tab["order"]) == len(tab["columns"])


def views_without(column):
    views = publishing.load_views()
    for view in views:
        if view.name == "dbt_tab":
            del view.columns[column]
    return lambda: views


def test_what_is_no_longer_published_stays_and_is_named(world, monkeypatch):
    world.publish()
    newer_version(monkeypatch, without="Stale tables")
    published = world.publish()

    assert published.plan.action == "unchanged"
    assert published.plan.merged.outlived == ["data_freshness#Stale tables"]
    assert world.part("dbt freshness", "metrics", "Stale tables")


def test_ids_that_sigma_gave_anew_do_not_double_anything(world, monkeypatch):
    world.publish()
    before = str(world.model.spec)
    parts = [
        part
        for element in world.elements().values()
        for part in [element, *element["columns"], *element["metrics"]]
    ]
    renamed = {part["id"]: f"moved-{part['id']}" for part in parts}
    spec = before
    for old, new in renamed.items():
        spec = spec.replace(repr(old), repr(new))
    world.model.spec = ast.literal_eval(spec)
    newer_version(monkeypatch, description="Tables that are late.")
    published = world.publish()

    assert published.plan.merged.added == []
    assert published.plan.merged.changed == ["dbt freshness: metric Stale tables (description)"]
