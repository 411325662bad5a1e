"""What documentation_coverage counts: against the artifacts themselves, and its rules."""

import json

import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import company
from tests.views import by_hand
from tests.views.made_up import ORDERS, key, relation, row

NEWEST = {company.PRODUCTION.id: "tonight", company.STAGING.id: "staging_changed"}
ANY_COLUMN = ("persisted", "not_persisted", "unverified", "mismatched")


@pytest.fixture(params=NEWEST)
def environment(request):
    return request.param


def test_the_counts_are_those_of_manifest_and_catalog(rows, account, environment):
    run = account.run(NEWEST[environment])
    last = max(step.index for step in run.steps)
    manifest = json.loads(run.artifact("manifest.json", last))
    expected = by_hand.documented(manifest, json.loads(run.artifact("catalog.json", last)))
    names = ", ".join(next(iter(expected.values())))
    found = rows(
        f"SELECT unique_id, {names} FROM documentation_coverage WHERE environment_id = ?",
        environment,
    )

    assert {row.pop("unique_id"): row for row in found} == expected
    assert len(expected) > 20


def test_every_documented_column_is_in_one_count(rows):
    parts = " + ".join(f"columns_{name}" for name in ANY_COLUMN)

    assert rows(f"SELECT * FROM documentation_coverage WHERE columns_documented <> {parts}") == []
    assert rows(
        "SELECT sum(columns_documented) > 50 AS many, sum(columns_persisted) > 40 AS persisted "
        "FROM documentation_coverage"
    ) == [{"many": True, "persisted": True}]


def test_the_description_s_state_follows_the_catalog(rows, account):
    run = account.run("tonight")
    last = max(step.index for step in run.steps)
    catalog = json.loads(run.artifact("catalog.json", last))["nodes"]
    nodes = json.loads(run.artifact("manifest.json", last))["nodes"]
    found = rows(
        "SELECT unique_id, description_state FROM documentation_coverage "
        "WHERE environment_id = ? AND resource_type <> 'source'",
        company.PRODUCTION.id,
    )
    for one in found:
        node = nodes[one["unique_id"]]
        text, writes = node["description"], (node["config"]["persist_docs"] or {}).get("relation")
        held = catalog[one["unique_id"]]["metadata"]["comment"] == text
        state = "missing" if not text else "not_persisted" if not writes else "verified"
        assert held or state != "verified", one
        assert one["description_state"] == state, one


def test_what_a_source_says_is_written_nowhere(rows):
    found = rows("SELECT * FROM documentation_coverage WHERE resource_type = 'source'")

    assert {row["columns_persisted"] for row in found} == {0}
    assert {row["description_state"] for row in found} == {"missing", "not_persisted"}


def test_the_percentage_is_of_all_columns_known(rows):
    (found,) = rows(
        "SELECT * FROM documentation_coverage "
        "WHERE environment_id = ? AND unique_id = 'model.shop.order_items'",
        company.PRODUCTION.id,
    )
    assert (found["columns_documented"], found["columns_total"]) == (2, 6)
    assert float(found["documented_percent"]) == 33.3
    assert found["is_complete"] is False


def test_complete_means_the_relation_and_every_column(rows):
    found = rows("SELECT * FROM documentation_coverage WHERE is_complete")

    assert {row["columns_missing"] for row in found} == {0}
    assert {row["is_described"] for row in found} == {True}
    assert "model.shop.customers.v2" in {row["unique_id"] for row in found}


def described(ask, description: str, *columns, **fields):
    """Make a relation whose columns are (name, description, comment in the warehouse)."""
    rows = [
        row(
            tables.DBT_COLUMNS,
            unique_id=ORDERS,
            node_key=key(ORDERS),
            column_key=name,
            description=text,
            is_documented=bool(text),
            is_in_warehouse=True,
            catalog_comment=comment,
        )
        for name, text, comment in columns
    ]
    flags = {"persist_docs_relation": True, "persist_docs_columns": True, "catalog_type": "TABLE"}
    (found,) = ask(
        "documentation_coverage", relation(description=description, **flags | fields), *rows
    )
    return found


def test_columns_alone_are_not_complete(ask):
    assert described(ask, "", ("id", "Id.", "Id."))["is_complete"] is False
    assert described(ask, "Orders.", ("id", "Id.", "Id."))["is_complete"] is True


def test_a_dollar_sign_is_the_same_text_as_dbt_snowflake_writes_it(ask):
    found = described(
        ask, "In $.", ("a", "$5", "[$]5"), ("b", "[$]", "[$]"), catalog_comment="In [$]."
    )

    assert (found["columns_persisted"], found["description_state"]) == (2, "verified")


def test_no_catalog_is_no_mismatch(ask):
    column = row(
        tables.DBT_COLUMNS,
        unique_id=ORDERS,
        node_key=key(ORDERS),
        column_key="id",
        description="Id.",
        is_documented=True,
        is_in_warehouse=None,
    )
    ask("documentation_coverage", column)
    found = described(ask, "Orders.", catalog_type=None)

    assert found["description_state"] == "unverified"
    assert (found["columns_unverified"], found["columns_mismatched"]) == (1, 0)


def test_how_far_sigma_is_does_not_change_what_the_warehouse_holds(ask):
    sent = row(
        tables.DBT_DOC_CHANGES,
        change_id="c",
        unique_id=ORDERS,
        node_key=key(ORDERS),
        column_key="id",
        state="sent",
    )
    ask("documentation_coverage", sent)
    found = described(ask, "Orders.", ("id", "New.", "Old."))

    assert (found["columns_persisted"], found["columns_mismatched"]) == (0, 1)
