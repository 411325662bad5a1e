"""The rules of dbt_tab_columns and dbt_tab_tests on rows made up for them."""

import pytest

from sigma_dbt_sync import tables
from tests.views.made_up import ORDERS, data_test, hours_ago, key, relation, row

STAGING = 701
FLAGS = {"persist_docs_relation": True, "persist_docs_columns": True}


def column(name="id", description="The id.", **fields):
    made = {"unique_id": ORDERS, "node_key": key(ORDERS), "column_key": name, "column_name": name}
    made |= {"description": description, "is_documented": bool(description)}
    return row(tables.DBT_COLUMNS, **made | {"is_in_warehouse": True} | fields)


def changed(state, *, hours=1, **fields):
    made = {"change_id": f"{state}{hours}", "unique_id": ORDERS, "node_key": key(ORDERS)}
    made |= {"column_key": "id", "state": state, "changed_at": hours_ago(hours)}
    return row(tables.DBT_DOC_CHANGES, **made | fields)


@pytest.fixture
def told(ask):
    """Ask for the one column of the orders, which dbt writes into the warehouse."""

    def read(*rows, **flags):
        (found,) = ask("dbt_tab_columns", relation(**FLAGS | flags), *rows)
        return found

    return read


def test_of_a_column_only_tests_that_judge_it_count(told):
    on_it, on_another = {"column_key": "id"}, {"column_key": "other"}
    found = told(
        column(),
        *data_test("a", "ok", target=on_it),
        *data_test("b", "warn", target=on_it),
        *data_test("c", "bad", target=on_another),
        *data_test("d", "bad", target=on_it | {"role": "referenced"}),
        *data_test("e", "bad"),
    )

    counts = [found[f"tests_{name}"] for name in ("total", "passing", "warning", "failing")]
    assert counts == [2, 1, 1, 0]
    assert found["worst_test_status"] == "warn"


def test_the_worst_result_of_a_column_s_tests_wins(told):
    on_it = {"column_key": "id"}
    outcomes = ("ok", "warn", "bad")
    tests = [data_test(group, group, target=on_it) for group in outcomes]

    assert told(column())["worst_test_status"] is None
    assert told(column(), *(part for test in tests for part in test))["worst_test_status"] == "bad"


def test_results_of_another_environment_are_not_the_column_s(ask):
    test = data_test("a", "bad", environment=STAGING, target={"column_key": "id"})
    (found,) = ask("dbt_tab_columns", relation(), relation(environment=STAGING), column(), *test)

    assert (found["tests_total"], found["worst_test_status"]) == (0, None)


def test_the_type_is_the_warehouse_s_else_the_project_s(told):
    assert told(column(catalog_type="NUMBER", declared_type="int"))["data_type"] == "NUMBER"
    assert told(column(catalog_type=None, declared_type="int"))["data_type"] == "int"


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ((column(catalog_comment="The id."),), "verified"),
        ((column(description="$5", catalog_comment="[$]5"),), "verified"),
        ((column(catalog_comment="Other."),), "mismatch"),
        ((column(catalog_comment=None),), "mismatch"),
        ((column(is_in_warehouse=False),), "mismatch"),
        ((column(is_in_warehouse=None),), "unverified"),
        ((column(is_in_warehouse=None), changed("built")), "built"),
        ((column(), changed("confirmed", hours=9), changed("built")), "built"),
        ((column(catalog_comment="The id."), changed("superseded")), "verified"),
        ((column(catalog_comment="The id."), changed("baseline")), "verified"),
    ],
)
def test_docs_state_says_how_far_the_text_has_come(told, rows, state):
    assert told(*rows)["docs_state"] == state


def test_what_dbt_does_not_write_is_not_persisted(told):
    found = told(column(catalog_comment="The id."), persist_docs_columns=False)

    assert found["docs_state"] == "not_persisted"


def one_test(ask, *rows, where="true"):
    (found,) = ask("dbt_tab_tests", relation(), *rows, where=where)
    return found


def test_a_failing_test_says_when_it_last_passed_and_since_when_it_fails(ask):
    found = one_test(ask, *data_test("a", "bad", ran=1, passed=9, failing=5))

    assert found["last_run_at"] == hours_ago(1)
    assert (found["last_pass_at"], found["failing_since_at"]) == (hours_ago(9), hours_ago(5))


def test_a_test_of_the_relation_names_no_column(ask):
    named = {"column_name": "ID"}
    assert one_test(ask, *data_test("a", "ok", test=named))["column_name"] is None
    on_it = data_test("b", "ok", test=named, target={"column_key": "id"})
    assert one_test(ask, *on_it, where="test_name = 'b'")["column_name"] == "ID"


def test_a_relationship_is_on_both_sides_and_says_which_it_judges(ask):
    customers = "model.shop.customers"
    test = data_test("a", "bad")
    other = data_test("a", "bad", on=customers, target={"role": "referenced"})[1:2]
    found = ask("dbt_tab_tests", relation(), relation(customers), *test, *other)

    assert {row["unique_id"]: row["test_role"] for row in found} == {
        ORDERS: "tested",
        customers: "referenced",
    }


def test_each_environment_has_its_own_result(ask):
    here, there = data_test("a", "ok"), data_test("a", "bad", environment=STAGING)
    found = ask("dbt_tab_tests", relation(), relation(environment=STAGING), *here, *there)

    assert {row["environment_id"]: row["last_status"] for row in found} == {
        700: "pass",
        701: "fail",
    }


@pytest.mark.parametrize(
    ("group", "fields", "detail"),
    [
        (None, {}, "never ran"),
        ("ok", {"attempt_message": "Fine."}, "passed in step 5 of run 3"),
        ("bad", {"attempt_failures": 1}, "failed in step 5 of run 3, 1 row"),
        ("warn", {"attempt_failures": 7}, "warned in step 5 of run 3, 7 rows"),
        (
            "bad",
            {"attempt_failures": 2, "attempt_message": "Got 2 results, configured to fail if != 0"},
            "failed in step 5 of run 3, 2 rows",
        ),
        (
            "bad",
            {"attempt_failures": 2, "attempt_message": "Error"},
            "failed in step 5 of run 3, 2 rows",
        ),
        (
            "bad",
            {"attempt_failures": 3, "attempt_message": "Got 3 results, configured to fail if >2"},
            "failed in step 5 of run 3, 3 rows: Got 3 results, configured to fail if >2",
        ),
        ("bad", {"attempt_message": "No table."}, "failed in step 5 of run 3: No table."),
    ],
)
def test_a_result_in_one_phrase(ask, group, fields, detail):
    place = {"attempt_step_index": 5, "attempt_run_id": 3} if group else {}
    found = one_test(ask, *data_test("a", group, **place | fields))

    assert found["result_detail"] == detail
    assert found["run_id_text"] == ("3" if group else None)
