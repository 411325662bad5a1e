"""Tags and meta blocks as rows."""

import pytest

from sigma_dbt_sync.normalize.definitions import current_rows
from sigma_dbt_sync.tables.node_meta import DBT_NODE_META, DBT_NODE_TAGS
from tests.builders import ORDERS, data_test, node, project

LABELLED = (
    ORDERS,
    "seed.shop.stores",
    "snapshot.shop.prices",
    "source.shop.web.sessions",
    "test.shop.unique_orders_id",
    "unit_test.shop.orders.adds_up",
    "exposure.shop.board",
    "metric.shop.revenue",
    "semantic_model.shop.orders",
    "saved_query.shop.daily",
)


def tags(*nodes):
    return current_rows(project(*nodes), {})[DBT_NODE_TAGS]


def meta(**block):
    return current_rows(project(node(meta=block)), {})[DBT_NODE_META]


def test_a_node_has_a_row_for_each_of_its_tags_once():
    assert [row.tag for row in tags(node(tags=["a", "b", "a"]))] == ["a", "b"]
    assert tags(node()) == []


def test_everything_with_tags_and_meta_has_rows_but_groups():
    nodes = [node(uid, tags=["a"], meta={"k": 1}) for uid in (*LABELLED, "group.shop.finance")]
    made = current_rows(project(*nodes), {})

    for table in (DBT_NODE_TAGS, DBT_NODE_META):
        assert sorted(row.unique_id for row in made[table]) == sorted(LABELLED)
        assert {row.resource_type for row in made[table]} == {uid.split(".")[0] for uid in LABELLED}


def test_a_row_joins_the_node_by_its_key():
    made = project(data_test(tags=["a"]))
    (tag,) = current_rows(made, {})[DBT_NODE_TAGS]
    (test,) = (row for rows in current_rows(made, {}).values() for row in rows if is_test(row))

    assert (tag.node_key, tag.unique_id) == (test.node_key, test.test_unique_id)
    assert (tag.account_id, tag.environment_id, tag.project_id) == (7, 700, 70)


def is_test(row):
    return hasattr(row, "kwargs")


@pytest.mark.parametrize(
    ("value", "text", "as_json"),
    [
        ("gold", "gold", '"gold"'),
        ("", "", '""'),
        ("7", "7", '"7"'),
        (7, "7", "7"),
        (0.5, "0.5", "0.5"),
        (True, "true", "true"),
        (None, None, None),
        (["b", "a"], '["b","a"]', '["b","a"]'),
        ({"b": 1, "a": 2}, '{"a":2,"b":1}', '{"a":2,"b":1}'),
    ],
)
def test_a_value_is_told_as_text_and_as_json(value, text, as_json):
    (row,) = meta(tier=value)

    assert (row.meta_key, row.meta_value, row.meta_json) == ("tier", text, as_json)


def test_each_key_at_the_top_is_a_row():
    assert sorted(row.meta_key for row in meta(a=1, b={"c": 2})) == ["a", "b"]


@pytest.mark.parametrize("block", [None, [], "text", {}])
def test_a_meta_block_that_is_none_has_no_rows(block):
    assert current_rows(project(node(meta=block)), {})[DBT_NODE_META] == []
