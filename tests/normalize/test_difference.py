"""What differs between two states of a project, and that nothing else has other rows."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigma_dbt_sync.normalize.definitions import current_rows, node_columns
from sigma_dbt_sync.normalize.difference import difference
from sigma_dbt_sync.tables.graph import DBT_LINEAGE
from tests.builders import CUSTOMERS, ORDERS, data_test, found_table, node, project
from tests.normalize.test_properties import manifests
from tests.normalize.test_properties import project as project_of

STAGE, REPORT, TEST = "model.shop.stage", "model.shop.report", "test.shop.unique_id"


def shop(**orders):
    return project(
        node(STAGE),
        node(ORDERS, **{"reads": (STAGE,)} | orders),
        node(REPORT, reads=(ORDERS,)),
        data_test("unique_id", on=ORDERS),
    )


def test_what_dbt_wrote_again_does_not_differ():
    found = difference(shop(), shop(created_at=1773144000.5))

    assert (found.unique_ids, found.is_in_lineage) == (set(), False)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Every order."},
        {"raw_code": "select 2"},
        {"tags": ["nightly"]},
        {"config": {"persist_docs": {"relation": True}}},
    ],
)
def test_an_edited_node_differs_and_its_readers_do_not(change):
    found = difference(shop(), shop(**change))

    assert (found.unique_ids, found.is_in_lineage) == ({ORDERS}, False)


def test_another_parent_concerns_what_lies_upstream_too():
    found = difference(shop(), shop(reads=()))

    assert (found.unique_ids, found.is_in_lineage) == ({ORDERS, STAGE}, True)


def test_a_node_that_came_or_went_concerns_its_readers():
    """An edge leads to nodes of the project only."""
    before, after = project(node(REPORT, reads=(ORDERS,))), shop()

    assert difference(before, after).unique_ids == {STAGE, ORDERS, REPORT, TEST}


def test_a_test_is_no_part_of_the_lineage():
    before = project(node(ORDERS), node(CUSTOMERS))
    after = project(node(ORDERS), node(CUSTOMERS), data_test("unique_id", on=ORDERS))
    found = difference(before, after)

    assert (found.unique_ids, found.is_in_lineage) == ({TEST}, False)


def test_what_the_warehouse_reports_counts():
    before = project(node(ORDERS), node(CUSTOMERS))
    after = project(node(ORDERS), node(CUSTOMERS), tables=(found_table(ORDERS),))

    assert difference(before, after).unique_ids == {ORDERS}


def test_what_takes_part_in_every_row_makes_everything_differ():
    assert difference(project(node(ORDERS)), project(node(ORDERS), adapter="snowflake")) is None


@st.composite
def states(draw):
    """Two states of a project that have much in common."""
    before, other = json.loads(draw(manifests())), json.loads(draw(manifests()))
    after = {"metadata": before["metadata"]}
    for section in (before.keys() | other.keys()) - {"metadata"}:
        after[section] = {}
        for uid in before.get(section, {}).keys() | other.get(section, {}).keys():
            source = draw(st.sampled_from([before, before, other]))
            if uid in source.get(section, {}):
                after[section][uid] = source[section][uid]
    return project_of(json.dumps(before).encode()), project_of(json.dumps(after).encode())


@settings(max_examples=300, deadline=None)
@given(states())
def test_what_does_not_differ_has_the_same_rows(pair):
    before, after = pair
    found = difference(before, after)
    made, rows = current_rows(before, {}), current_rows(after, {})
    anew = current_rows(after, {}, found.unique_ids)
    if not found.is_in_lineage:
        assert sorted(made[DBT_LINEAGE], key=repr) == sorted(rows[DBT_LINEAGE], key=repr)
    for table in rows.keys() - {DBT_LINEAGE}:
        name, _ = node_columns(table)
        kept = [row for row in made[table] if getattr(row, name) not in found.unique_ids]

        assert sorted(kept + anew[table], key=repr) == sorted(rows[table], key=repr), table.name
