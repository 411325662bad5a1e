"""What a test checks, and how that is known."""

import pytest

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize import test_targets
from tests.builders import CUSTOMERS, ORDERS, data_test, manifest, node

SESSIONS = "source.shop.web.sessions"


def read(told):
    return next(iter(Manifest(manifest(told)).tests.values()))


def found(told):
    return [(one.unique_id, one.role, one.derived_from) for one in test_targets.targets(read(told))]


def column(told):
    return test_targets.column_name(read(told))


def view(*nodes):
    (made,) = test_targets.test_views(Manifest(manifest(*nodes))).values()
    return made


def test_the_attached_node_is_what_a_test_judges():
    assert found(data_test(on=ORDERS)) == [(ORDERS, "tested", "attached_node")]


def test_a_relationships_test_judges_one_side_and_refers_to_the_other():
    """`depends_on` lists the referenced node first."""
    told = data_test("relationships_orders", on=ORDERS, reads=(CUSTOMERS, ORDERS))

    assert found(told) == [
        (ORDERS, "tested", "attached_node"),
        (CUSTOMERS, "referenced", "depends_on"),
    ]


def test_a_relationships_test_within_one_model_has_one_target():
    told = data_test("relationships_orders", on=ORDERS, reads=(ORDERS, ORDERS))

    assert found(told) == [(ORDERS, "tested", "attached_node")]


@pytest.mark.parametrize(
    "model",
    [
        "{{ get_where_subquery(ref('orders')) }}",
        "{{ ref('orders') }}",
        '{{ get_where_subquery(ref("orders")) }}',
        "{{ ref('shop', 'orders') }}",
        "{{ ref( 'orders' ) }}",
    ],
)
def test_before_manifest_v9_the_model_argument_says_it(model):
    told = data_test(on=None, reads=(ORDERS, CUSTOMERS), kwargs={"model": model})

    assert found(told)[0] == (ORDERS, "tested", "kwargs")


def test_a_test_on_a_source_is_known_by_its_model_argument():
    """Dbt attaches no node to it even today."""
    model = "{{ get_where_subquery(source('web', 'sessions')) }}"
    told = data_test(on=None, reads=(SESSIONS, CUSTOMERS), kwargs={"model": model})

    assert found(told) == [(SESSIONS, "tested", "kwargs"), (CUSTOMERS, "referenced", "depends_on")]


def test_a_source_is_not_taken_for_the_model_of_the_same_name():
    told = data_test(
        on=None,
        reads=("source.shop.web.orders", ORDERS),
        kwargs={"model": "{{ get_where_subquery(ref('orders')) }}"},
    )

    assert found(told)[0] == (ORDERS, "tested", "kwargs")


@pytest.mark.parametrize("version", ["v=2", "version=2", "v='2'"])
def test_a_version_is_part_of_the_name(version):
    told = data_test(
        on=None,
        reads=("model.shop.customers.v2", "model.shop.customers.v1"),
        kwargs={"model": f"{{{{ get_where_subquery(ref('customers', {version})) }}}}"},
    )

    assert found(told)[0] == ("model.shop.customers.v2", "tested", "kwargs")


@pytest.mark.parametrize("kwargs", [{}, {"model": None}, {"model": 5}, {"model": "{{ this }}"}])
def test_without_a_usable_model_argument_the_last_parent_is_judged(kwargs):
    told = data_test(on=None, reads=(CUSTOMERS, ORDERS), kwargs=kwargs)

    assert found(told)[0] == (ORDERS, "tested", "depends_on")


def test_a_generic_test_that_depends_on_nothing_has_no_target():
    assert found(data_test(on=None, reads=())) == []


def test_a_singular_test_judges_everything_it_reads():
    told = node("test.shop.assert_paid", reads=(ORDERS, CUSTOMERS, ORDERS))

    assert found(told) == [(ORDERS, "tested", "depends_on"), (CUSTOMERS, "tested", "depends_on")]


def test_a_unit_test_judges_its_model_and_reads_its_inputs():
    told = node("unit_test.shop.orders.adds_up", reads=(ORDERS, CUSTOMERS))

    assert found(told) == [(ORDERS, "tested", "model"), (CUSTOMERS, "input", "depends_on")]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"column_name": "id"}, "id"),
        ({"kwargs": {"column_name": "id"}}, "id"),
        ({"column_name": '"Order ID"'}, "Order ID"),
        ({"column_name": "`Order ID`"}, "Order ID"),
        ({"column_name": "[Order ID]"}, "Order ID"),
        ({"column_name": None}, None),
        ({"kwargs": {"column_name": None}}, None),
    ],
)
def test_the_column_is_told_without_quotes(fields, name):
    """Dbt quotes it where the project quotes the column; dbt_columns holds the bare name."""
    assert column(data_test(**fields)) == name


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("ERROR", "error"), ("error", "error"), ("WARN", "warn"), ("warn", "warn"), (None, "error")],
)
def test_severity_is_lower_case_and_error_unless_told(severity, expected):
    assert test_targets.severity(read(data_test(config={"severity": severity}))) == expected


def test_a_test_without_any_config_is_severe():
    assert test_targets.severity(read(data_test(config={}))) == "error"


def test_a_unit_test_has_no_severity():
    assert test_targets.severity(read(node("unit_test.shop.orders.adds_up"))) is None


def test_a_view_of_a_test_names_the_relation_it_judges():
    made = view(node(), data_test(column_name="id"))

    assert (made.target_unique_id, made.column_name) == (ORDERS, "id")
    assert made.target_relation_name == '"shop"."analytics"."orders"'


def test_a_view_of_a_test_on_a_source_names_its_relation():
    model = "{{ get_where_subquery(source('web', 'sessions')) }}"
    made = view(node(SESSIONS), data_test(on=None, reads=(SESSIONS,), kwargs={"model": model}))

    assert made.target_relation_name == '"shop"."analytics"."sessions"'


def test_a_view_of_a_test_on_a_function_names_its_relation():
    function = "function.shop.to_cents"
    made = view(
        node(function, relation_name="shop.to_cents"), data_test(on=function, reads=(function,))
    )

    assert (made.target_unique_id, made.target_relation_name) == (function, "shop.to_cents")


def test_a_view_of_a_test_whose_target_is_disabled_still_names_it():
    made = view(data_test(on=ORDERS))

    assert (made.target_unique_id, made.target_relation_name) == (ORDERS, None)


@pytest.mark.parametrize(("store", "relation"), [(True, '"f"'), (False, None), (None, None)])
def test_failing_rows_have_a_relation_only_when_they_are_stored(store, relation):
    made = view(data_test(relation_name='"f"', config={"store_failures": store}))

    assert made.failures_relation == relation
