"""Exposures, metrics, semantic models, saved queries and groups to rows."""

import json
from dataclasses import replace

import pytest

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.declared import declared_rows
from sigma_dbt_sync.tables.declared import (
    ExposureRow,
    GroupRow,
    MetricRow,
    SavedQueryRow,
    SemanticModelRow,
)
from tests.builders import CUSTOMERS, ORDERS, manifest, node, project

BOARD = "exposure.shop.board"
REVENUE = "metric.shop.revenue"
FINANCE = node("group.shop.finance", owner={"name": "Finance", "email": "fin@shop.example"})


def row(unique_id=REVENUE, *others, **fields):
    made = project(node(unique_id, **fields), *others)
    return next(one for one in declared_rows(made) if one.unique_id == unique_id)


def definition(unique_id, **fields):
    return json.loads(row(unique_id, **fields).definition)


def test_each_kind_has_rows_of_its_own():
    kinds = ("exposure", "metric", "semantic_model", "saved_query", "group")
    made = project(*(node(f"{kind}.shop.x") for kind in kinds), node())

    assert [type(one) for one in declared_rows(made)] == [
        ExposureRow,
        MetricRow,
        SemanticModelRow,
        SavedQueryRow,
        GroupRow,
    ]


def test_what_is_no_known_kind_has_no_row():
    made = Manifest(manifest(exposures={"dashboard.shop.x": node("dashboard.shop.x")}))

    assert list(declared_rows(replace(project(), declared=made.declared))) == []


def test_an_exposure_says_what_it_is_whose_and_where():
    made = row(
        BOARD,
        type="dashboard",
        label="Board",
        maturity="high",
        url="https://bi.example/1",
        owner={"name": "Ann", "email": "ann@shop.example"},
        description="For the board.",
        original_file_path="models/board.yml",
        tags=["kpi", "daily"],
        meta={"tier": 1},
    )

    assert (made.name, made.type, made.label, made.maturity) == (
        "board",
        "dashboard",
        "Board",
        "high",
    )
    assert (made.url, made.description) == ("https://bi.example/1", "For the board.")
    assert (made.owner, made.owner_name, made.owner_email) == ("Ann", "Ann", "ann@shop.example")
    assert (made.tags, made.tags_text, made.meta) == (
        '["kpi","daily"]',
        "kpi, daily",
        '{"tier":1}',
    )
    assert (made.package_name, made.original_file_path) == ("shop", "models/board.yml")
    assert (made.account_id, made.environment_id, made.project_id) == (7, 700, 70)


def test_an_exposure_is_made_of_what_it_reads_in_no_order():
    one = definition(BOARD, reads=(ORDERS, CUSTOMERS, ORDERS))

    assert one == {"depends_on": [CUSTOMERS, ORDERS]}


@pytest.mark.parametrize(
    ("unique_id", "parts"),
    [
        (REVENUE, {"type_params": {"measure": {"name": "total"}}, "filter": "status = 'paid'"}),
        (REVENUE, {"model": "ref('orders')", "sql": "amount", "timestamp": "day",
                   "time_grains": ["day"], "dimensions": ["status"],
                   "filters": [{"field": "status", "operator": "is", "value": "'paid'"}]}),
        (REVENUE, {"expression": "amount", "window": {"count": 14, "period": "day"},
                   "time_granularity": "month"}),
        ("semantic_model.shop.orders", {
            "model": "ref('orders')", "defaults": {"agg_time_dimension": "day"},
            "primary_entity": "order", "entities": [{"name": "order", "type": "primary"}],
            "dimensions": [{"name": "day"}], "measures": [{"name": "total", "agg": "sum"}],
        }),
        ("saved_query.shop.daily", {
            "query_params": {"metrics": ["revenue"]}, "exports": [{"name": "daily"}],
        }),
    ],
)  # fmt: skip
def test_a_definition_is_what_makes_it_up(unique_id, parts):
    told = parts | {"created_at": 1.5, "unrendered_config": {"x": 1}, "fqn": ["shop"]}

    assert definition(unique_id, **told) == parts


def test_what_is_empty_is_left_out_of_a_definition():
    assert definition(REVENUE, filter=None, filters=[], type_params={}, sql="") == {}


def test_a_new_key_that_says_nothing_changes_no_definition():
    """Each dbt version adds some, which would else look like a change of every metric."""
    before = {"measures": [{"name": "total", "create_metric": False, "agg": 0}]}
    after = {"measures": [before["measures"][0] | {"datatype": None, "config": {"meta": {}}}]}

    one = "semantic_model.shop.orders"
    assert definition(one, **before) == definition(one, **after) == before
    assert row(one, **before).definition_hash == row(one, **after).definition_hash


@pytest.mark.parametrize("depth", [5, 25, 300])
def test_a_block_may_nest_deep(depth):
    nested = "x"
    for _ in range(depth):
        nested = {"a": [nested]}

    assert definition(REVENUE, type_params=nested) == {"type_params": nested}


def test_a_groups_definition_is_empty():
    assert definition("group.shop.finance", owner={"name": "Finance"}) == {}


def test_a_group_has_none_of_the_tags_and_groups_that_its_config_inherits():
    """Since 1.12 dbt writes the folder's `+tags` and `+group` into the config of its groups."""
    made = row("group.shop.finance", config={"tags": ["daily"], "group": "finance"})

    assert (made.tags, made.tags_text, made.group_name) == ("[]", "", None)


def test_a_group_is_its_owners():
    (made,) = declared_rows(project(FINANCE))

    assert (made.owner_name, made.owner_email) == ("Finance", "fin@shop.example")


@pytest.mark.parametrize("fields", [{"group": "finance"}, {"config": {"group": "finance"}}])
def test_what_has_no_owner_has_its_groups(fields):
    made = row(REVENUE, FINANCE, **fields)

    assert (made.group_name, made.owner) == ("finance", "Finance")


@pytest.mark.parametrize("fields", [{"meta": {"tier": 1}}, {"config": {"meta": {"tier": 1}}}])
def test_meta_may_be_in_the_config_alone(fields):
    assert row(**fields).meta == '{"tier":1}'


def test_what_nobody_wrote_is_empty():
    made = row(BOARD, description=None, label=None, url="", maturity=None)

    assert (made.description, made.label, made.url, made.maturity) == ("", None, None, None)
    assert (made.owner, made.tags, made.meta) == (None, "[]", "{}")


@pytest.mark.parametrize(
    "change",
    [{"type_params": {"expr": "b"}}, {"description": "b"}, {"tags": ["b"]}, {"label": "b"}],
)
def test_a_change_gives_another_definition_hash(change):
    assert row(**change).definition_hash != row().definition_hash


def test_another_parse_of_the_same_gives_the_same_definition_hash():
    before = row(created_at=1.0, type_params={"a": 1, "b": 2})
    after = row(created_at=2.0, type_params={"b": 2, "a": 1})

    assert before.definition_hash == after.definition_hash
