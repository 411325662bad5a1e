"""Tests to rows, and what they have to do with which columns."""

from sigma_dbt_sync.normalize import tests as normalize_tests
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from tests.builders import CUSTOMERS, ORDERS, data_test, node, project

UNIQUE = "test.shop.unique_orders_id"


def row(told, status=None):
    (made,) = normalize_tests.test_rows(project(told), status or {})
    return made


def target_rows(*nodes):
    return {
        (made.target_unique_id, made.column_key, made.role)
        for made in normalize_tests.test_target_rows(project(*nodes))
    }


def status(unique_id=UNIQUE, **fields):
    return {
        unique_id: NodeStatusRow(
            account_id=7,
            environment_id=700,
            unique_id=unique_id,
            project_id=70,
            node_key="k",
            resource_type="test",
            **fields,
        )
    }


def test_a_generic_test_says_which_one_it_is_and_with_what():
    made = row(
        data_test(
            "accepted_values_status",
            kwargs={"values": ["new"], "column_name": "status"},
            description="Known states only.",
            config={"severity": "WARN", "warn_if": "> 10", "error_if": "> 100"},
        )
    )

    assert (made.kind, made.test_name, made.column_name) == ("generic", "accepted", "status")
    assert made.kwargs == '{"column_name":"status","values":["new"]}'
    assert (made.severity, made.warn_if, made.error_if) == ("warn", "> 10", "> 100")
    assert made.description == "Known states only."


def test_a_test_without_metadata_is_singular():
    assert row(node("test.shop.assert_paid", reads=(ORDERS,))).kind == "singular"


def test_a_unit_test_is_one_and_has_no_severity():
    made = row(node("unit_test.shop.orders.adds_up", reads=(ORDERS,)))

    assert (made.kind, made.severity) == ("unit", None)


def test_stored_failures_name_their_relation():
    stored = row(data_test(relation_name='"f"', config={"store_failures": True}))
    dropped = row(data_test(relation_name='"f"', config={"store_failures": False}))

    assert (stored.is_storing_failures, stored.failures_relation) == (True, '"f"')
    assert (dropped.is_storing_failures, dropped.failures_relation) == (False, None)


def test_the_definition_of_a_test_does_not_change_with_its_compiled_code():
    """Compiled code changes with every schema and every date in it."""
    compiled = row(data_test(), status(compiled_code_hash="c"))

    assert compiled.compiled_code_hash == "c"
    assert compiled.definition_hash == row(data_test()).definition_hash


def test_the_definition_of_a_test_changes_with_its_severity():
    severe, mild = data_test(), data_test(config={"severity": "warn"})

    assert row(severe).definition_hash != row(mild).definition_hash


def test_only_the_judged_side_of_a_test_is_a_column():
    """The `field` that a relationships test refers to is another column of another model."""
    told = data_test("relationships_x", reads=(CUSTOMERS, ORDERS), column_name="Customer_ID")

    assert target_rows(told) == {
        (ORDERS, "customer_id", "tested"),
        (CUSTOMERS, "", "referenced"),
    }


def test_a_test_of_a_quoted_column_has_that_columns_key():
    assert target_rows(data_test(column_name='"Order ID"')) == {(ORDERS, "order id", "tested")}


def test_a_test_of_a_whole_relation_has_no_column():
    assert target_rows(data_test()) == {(ORDERS, "", "tested")}


def test_a_singular_test_over_several_models_has_a_row_for_each():
    told = node("test.shop.assert_paid", reads=(ORDERS, CUSTOMERS))

    assert target_rows(told) == {(ORDERS, "", "tested"), (CUSTOMERS, "", "tested")}
