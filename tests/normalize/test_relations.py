"""Models, sources, seeds and snapshots to rows."""

from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.normalize.keys import code_hash
from sigma_dbt_sync.normalize.lineage import downstream_counts
from sigma_dbt_sync.normalize.relations import relation_rows
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.relations import ModelRow, SeedRow, SnapshotRow, SourceRow
from tests.builders import NOON, ORDERS, column, found_table, node, project

SESSIONS = "source.shop.web.sessions"


def rows(*nodes, tables=(), status=None, **fields):
    made = project(*nodes, tables=tables, **fields)
    found = relation_rows(made, status or {}, downstream=downstream_counts(made))
    return {row.unique_id: row for row in found}


def row(unique_id=ORDERS, tables=(), status=None, **fields):
    return rows(node(unique_id, **fields), tables=tables, status=status)[unique_id]


def told(**fields):
    made = {"account_id": 7, "environment_id": 700, "project_id": 70, "node_key": "k"}
    return {ORDERS: NodeStatusRow(unique_id=ORDERS, resource_type="model", **(made | fields))}


@pytest.mark.parametrize(
    ("unique_id", "kind", "materialized"),
    [
        (ORDERS, ModelRow, None),
        ("seed.shop.stores", SeedRow, "seed"),
        ("snapshot.shop.prices", SnapshotRow, "snapshot"),
        (SESSIONS, SourceRow, None),
    ],
)
def test_each_kind_of_relation_has_its_own_rows(unique_id, kind, materialized):
    """Fusion leaves `config.materialized` out of seeds."""
    made = row(unique_id)

    assert type(made) is kind
    assert made.materialized == materialized


def test_nothing_but_relations_has_a_row():
    nodes = [node(f"{kind}.shop.x") for kind in ("test", "exposure", "analysis", "operation")]

    assert rows(node(), *nodes).keys() == {ORDERS}


def test_a_bare_model_has_a_whole_row():
    made = row()

    assert (made.description, made.tags, made.tags_text, made.meta) == ("", "[]", "", "{}")
    assert (made.persist_docs_relation, made.persist_docs_columns) == (False, False)
    assert (made.contract_enforced, made.model_version, made.language) == (False, None, None)
    assert (made.relation_key, made.catalog_type) == ("shop.analytics.orders", None)


def test_persist_docs_is_told_per_relation_and_per_column():
    made = row(config={"persist_docs": {"relation": True, "columns": False}})

    assert (made.persist_docs_relation, made.persist_docs_columns) == (True, False)


def test_a_version_is_text_whatever_dbt_wrote():
    made = row("model.shop.orders.v2", version=2, latest_version=2.5)

    assert (made.name, made.model_version, made.latest_version) == ("orders", "2", "2.5")


def test_code_of_a_dbt_that_named_no_language_is_sql():
    made = row(raw_sql="select 1")

    assert (made.language, made.raw_code_hash) == ("sql", code_hash("select 1"))
    assert row(raw_code="def model(): ...", language="python").language == "python"


@pytest.mark.parametrize(
    ("meta", "name", "email"),
    [
        ({"owner": "Ann"}, "Ann", None),
        ({"owner": "ann@shop.example"}, None, "ann@shop.example"),
        ({"owner": "@ann"}, "@ann", None),
        ({"owner": {"name": "Ann", "email": "ann@shop.example"}}, "Ann", "ann@shop.example"),
        ({"owner": {"team": "Data"}}, "Data", None),
        ({"owner": {"email": "ann@shop.example"}}, None, "ann@shop.example"),
        ({"owner": ["@ann", "@bob"]}, "@ann, @bob", None),
        ({"owner": ["ann@shop.example"]}, None, "ann@shop.example"),
        ({"owner": 5}, None, None),
        ({"owner": ""}, None, None),
        ({"owner": {}}, None, None),
        ({"owner": []}, None, None),
        ({}, None, None),
    ],
)
def test_the_owner_is_found_in_any_of_its_shapes(meta, name, email):
    made = row(meta=meta)

    assert (made.owner_name, made.owner_email) == (name, email)
    assert made.owner == (name or email)


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("a@shop.example", "a@shop.example"),
        (["a@x.example", "b@x.example"], "a@x.example, b@x.example"),
    ],
)
def test_a_node_without_an_owner_has_its_groups(email, expected):
    group = node("group.shop.finance", owner={"name": "Finance", "email": email})
    made = rows(node(config={"group": "finance"}), group)[ORDERS]

    assert (made.group_name, made.owner_name, made.owner_email) == ("finance", "Finance", expected)


def test_a_nodes_own_owner_goes_before_its_groups():
    group = node("group.shop.finance", owner={"name": "Finance"})

    assert rows(node(group="finance", meta={"owner": "Ann"}), group)[ORDERS].owner == "Ann"


def test_a_group_that_does_not_exist_owns_nothing():
    assert row(group="gone").owner is None


@pytest.mark.parametrize("where", [{"meta": {"a": 1}}, {"config": {"meta": {"a": 1}}}])
def test_meta_is_found_where_dbt_put_it(where):
    """Dbt 1.10 moved it into config; both are filled by some versions, one by others."""
    assert row(**({"meta": {}} | where)).meta == '{"a":1}'


def test_the_catalog_brings_what_the_warehouse_had():
    stats = {
        "row_count": {"value": 12.0},
        "bytes": {"value": 2048},
        "last_modified": {"value": "2021-05-06 18:23UTC"},
    }
    table = found_table(metadata={"comment": "Orders.", "owner": ""}, stats=stats)
    made = row(tables=(table,))

    assert (made.catalog_type, made.catalog_comment) == ("BASE TABLE", "Orders.")
    assert (made.catalog_row_count, made.catalog_bytes) == (12, 2048)
    assert made.catalog_last_modified_at == datetime(2021, 5, 6, 18, 23, tzinfo=UTC)
    assert made.catalog_owner is None


def test_what_runs_told_is_brought_along():
    made = row(status=told(compiled_code_hash="c", first_seen_at=NOON))

    assert (made.compiled_code_hash, made.first_seen_at) == ("c", NOON)


def test_a_source_tells_its_freshness_thresholds():
    freshness = {"warn_after": {"count": 12, "period": "hour"}, "error_after": {"count": None}}
    made = row(SESSIONS, source_name="web", loaded_at_field="at", freshness=freshness, loader="")

    assert (made.source_name, made.loaded_at_field, made.loader) == ("web", "at", None)
    assert (made.warn_after_seconds, made.error_after_seconds) == (43200, None)


def test_freshness_may_have_moved_into_config():
    config = {
        "freshness": {"error_after": {"count": 1, "period": "day"}},
        "loaded_at_field": "at",
    }
    made = row(SESSIONS, freshness=None, config=config)

    assert (made.error_after_seconds, made.loaded_at_field) == (86400, "at")


def test_docs_change_with_the_description_of_the_relation_or_of_a_column():
    plain = row(columns=[column("id")])
    described = row(description="Orders.", columns=[column("id")])
    column_described = row(columns=[column("id", "The key.")])

    assert len({plain.docs_hash, described.docs_hash, column_described.docs_hash}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"raw_code": "select 2"},
        {"tags": ["daily"]},
        {"meta": {"a": 1}},
        {"config": {"materialized": "table"}},
        {"description": None},
        {"columns": [column("id"), column("added"), column("null", None)]},
        {"columns": [column("id", data_type="bigint", tags=["key"])]},
    ],
    ids=str,
)
def test_docs_change_with_nothing_else(change):
    """A column without a description is no documentation."""
    before = {"columns": [column("id")]}

    assert row(**(before | change)).docs_hash == row(**before).docs_hash


@pytest.mark.parametrize(
    "change",
    [
        {"raw_code": "select 2"},
        {"description": "Orders."},
        {"tags": ["daily"]},
        {"meta": {"owner": "Ann"}},
        {"config": {"materialized": "table"}},
        {"config": {"persist_docs": {"relation": True}}},
        {"relation_name": '"shop"."other"."orders"'},
    ],
    ids=str,
)
def test_a_definition_changes_with_what_people_write(change):
    assert row(**change).definition_hash != row().definition_hash


def test_a_definition_does_not_change_with_what_runs_and_the_warehouse_tell():
    """Compiled code, the catalog's spelling of the name, first sight, and what others read."""
    catalog = found_table(
        metadata={"database": "SHOP", "name": "ORDERS", "comment": "Orders."},
        stats={"rows": {"value": 5}},
    )
    reader = node("model.shop.revenue", reads=(ORDERS,))
    board = node("exposure.shop.board", reads=(ORDERS,))
    status = told(compiled_code_hash="c", first_seen_at=NOON)
    changed = rows(node(compiled_code="x"), reader, board, tables=(catalog,), status=status)[ORDERS]

    assert changed.relation_key == "SHOP.analytics.ORDERS"
    assert (changed.downstream_count, changed.exposure_count) == (1, 1)
    assert changed.definition_hash == row().definition_hash
