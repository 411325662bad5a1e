"""Columns: what the project documents, joined with what the warehouse reported."""

import pytest

from sigma_dbt_sync.normalize.columns import column_rows
from tests.builders import ORDERS, column, found_table, node, project


def rows(declared=(), found=None):
    tables = () if found is None else (found_table(columns=found),)
    made = list(column_rows(project(node(columns=list(declared)), tables=tables)))
    return {row.column_key: row for row in made} if made else {}


def test_a_documented_column_meets_the_real_one_whatever_its_case():
    made = rows([column("order_id", "The key.", data_type="bigint")], {"ORDER_ID": {"type": "N"}})

    assert made.keys() == {"order_id"}
    row = made["order_id"]
    assert (row.column_name, row.description, row.is_documented) == ("ORDER_ID", "The key.", True)
    assert (row.declared_type, row.catalog_type) == ("bigint", "N")
    assert (row.is_in_project, row.is_in_warehouse) == (True, True)


def test_a_quoted_column_meets_only_its_exact_name():
    made = rows([column("id", "The key.", quote=True)], ["ID"])

    assert made.keys() == {"id", "ID"}
    assert (made["ID"].is_in_project, made["ID"].description) == (False, "")
    assert (made["id"].is_in_warehouse, made["id"].description) == (False, "The key.")


def test_a_column_that_only_the_project_knows_is_kept():
    made = rows([column("id"), column("ghost", "Not built.")], ["id"])

    assert (made["ghost"].is_in_warehouse, made["ghost"].is_documented) == (False, True)
    assert made["ghost"].catalog_type is None


def test_a_column_that_only_the_warehouse_knows_is_kept():
    made = rows([], {"id": {"comment": "From an old run."}})

    row = made["id"]
    assert (row.is_in_project, row.is_documented, row.description) == (False, False, "")
    assert row.catalog_comment == "From an old run."


def test_without_a_catalog_nobody_knows_what_the_warehouse_has():
    assert rows([column("id")])["id"].is_in_warehouse is None


@pytest.mark.parametrize("order", [["ID", "id"], ["id", "ID"]])
def test_two_columns_that_differ_in_case_are_two_columns(order):
    declared = [column("ID", "Unquoted."), column("id", "Quoted.", quote=True)]
    made = rows(declared, order)

    assert {key: row.description for key, row in made.items()} == {
        "ID": "Unquoted.",
        "id": "Quoted.",
    }


@pytest.mark.parametrize("order", [["ID", "id"], ["id", "ID"]])
def test_one_description_does_not_describe_two_columns(order):
    made = rows([column("iD", "The key.")], order)

    assert made.keys() == {"ID", "id"}
    assert sorted(row.description for row in made.values()) == ["", "The key."]


@pytest.mark.parametrize("description", [None, "", "  \n"])
def test_a_column_without_words_is_not_documented(description):
    assert not rows([column("id", description)])["id"].is_documented


def test_columns_keep_the_warehouses_order_then_the_projects():
    found = {"b": {"index": 2}, "a": {"index": 10}, "c": {"index": None}}
    made = rows([column("z"), column("a"), column("y")], found)

    assert sorted(made, key=lambda key: made[key].ordinal) == ["b", "a", "c", "z", "y"]
    assert [row.ordinal for row in made.values()] == [1, 2, 3, 4, 5]


def test_tags_meta_and_constraints_are_kept_as_json():
    declared = column("id", tags=["key"], meta={"b": 1, "a": 2}, constraints=[{"type": "not_null"}])
    row = rows([declared])["id"]

    assert (row.tags, row.meta) == ('["key"]', '{"a":2,"b":1}')
    assert row.constraints == '[{"type":"not_null"}]'


def test_a_column_of_the_warehouse_alone_has_empty_json():
    row = rows([], ["id"])["id"]

    assert (row.tags, row.meta, row.constraints) == ("[]", "{}", "[]")


def test_columns_belong_to_their_relation():
    other = "source.shop.web.sessions"
    made = project(node(columns=[column("id")]), node(other, columns=[column("id")]))

    assert {row.unique_id for row in column_rows(made)} == {ORDERS, other}
    assert len({row.node_key for row in column_rows(made)}) == 2
