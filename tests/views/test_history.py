"""What the history views mean: on the demo account's story, and on rows made up for their rules."""

import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import company
from tests.views.made_up import ENVIRONMENT, ORDERS, hours_ago, row

PRODUCTION = company.PRODUCTION.id


def test_versions_of_a_relation_follow_each_other_without_a_gap(rows, account):
    found = rows(
        "SELECT * FROM dbt_node_history WHERE environment_id = ? AND unique_id = ? "
        "ORDER BY valid_from",
        PRODUCTION,
        "model.shop.customers.v2",
    )
    assert [row["run_id"] for row in found] == [
        account.run("baseline").id,
        account.run("descriptions").id,
    ]
    assert [row["change_kind"] for row in found] == ["added", "changed"]
    assert found[0]["valid_to"] == found[1]["valid_from"]
    assert [row["is_current"] for row in found] == [False, True]
    assert found[1]["valid_to"] is None
    assert "description" in found[1]["changed_fields"]


def test_a_column_has_the_description_it_had_then(rows):
    found = rows(
        "SELECT * FROM dbt_column_history "
        "WHERE environment_id = ? AND unique_id = ? AND column_key = ? ORDER BY valid_from",
        PRODUCTION,
        "model.shop.customers.v2",
        "lifetime_value",
    )
    before, after = found
    assert before["description"] != after["description"]
    assert before["valid_to"] == after["valid_from"]


def test_the_current_version_is_the_current_definition(rows):
    strays = rows(
        "SELECT unique_id FROM dbt_node_history AS history JOIN dbt_models AS models "
        "USING (account_id, environment_id, unique_id) "
        "WHERE is_current AND history.definition_hash <> models.definition_hash"
    )
    assert strays == []


def test_a_pull_request_leaves_no_trace_in_the_history(rows, account):
    ci = account.run("pull_request").id
    assert rows("SELECT * FROM dbt_node_history WHERE run_id = ?", ci) == []


def version(table, *, hours, kind="changed", column=None, environment=ENVIRONMENT, **fields):
    """Make a definition that a run saw first so many hours ago."""
    made = {"unique_id": ORDERS, "environment_id": environment, "change_kind": kind}
    made |= {"column_key": column} if column else {}
    return row(table, **made | {"valid_from": hours_ago(hours)} | fields)


def spans(found):
    """(valid_from, valid_to, is_current), oldest first."""
    rows = [(one["valid_from"], one["valid_to"], one["is_current"]) for one in found]
    return sorted(rows, key=lambda span: span[0])


@pytest.mark.parametrize(
    ("view", "table", "fields"),
    [
        ("dbt_node_history", tables.DBT_NODE_VERSIONS, {}),
        ("dbt_column_history", tables.DBT_COLUMN_VERSIONS, {"column": "id"}),
    ],
)
def test_what_was_removed_is_over_and_not_current(ask, view, table, fields):
    added = version(table, hours=9, kind="added", **fields)
    found = ask(view, added, version(table, hours=2, kind="removed", **fields))

    assert spans(found) == [
        (hours_ago(9), hours_ago(2), False),
        (hours_ago(2), None, False),
    ]


def test_each_environment_has_its_own_versions_of_a_relation(ask):
    here = version(tables.DBT_NODE_VERSIONS, hours=9)
    there = version(tables.DBT_NODE_VERSIONS, hours=2, environment=701)

    assert [span[1:] for span in spans(ask("dbt_node_history", here, there))] == [(None, True)] * 2


def test_each_column_has_its_own_versions(ask):
    ids = version(tables.DBT_COLUMN_VERSIONS, hours=9, column="id")
    names = version(tables.DBT_COLUMN_VERSIONS, hours=2, column="name")

    assert [span[1:] for span in spans(ask("dbt_column_history", ids, names))] == [(None, True)] * 2
