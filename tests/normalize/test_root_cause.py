"""Why dbt skipped a node."""

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_results import read_run_results
from sigma_dbt_sync.demo.story import FOLDER, read_blob, read_story
from sigma_dbt_sync.normalize.root_cause import root_causes
from tests.builders import result, run_results

STG, ORDERS, REVENUE = "model.shop.stg", "model.shop.orders", "model.shop.revenue"
LINE = {ORDERS: [STG], REVENUE: [ORDERS]}


def causes(parents, **statuses):
    ids = {"stg": STG, "orders": ORDERS, "revenue": REVENUE}
    results = [result(ids.get(name, f"test.shop.{name}"), s) for name, s in statuses.items()]
    return root_causes(read_run_results(run_results(*results)), parents)


def test_a_failed_model_is_the_cause_two_levels_down():
    found = causes(LINE, stg="error", orders="skipped", revenue="skipped")

    assert found == {ORDERS: STG, REVENUE: STG}


def test_a_failed_test_is_the_cause_for_what_lies_below_its_model():
    parents = {**LINE, "test.shop.unique": [STG]}
    found = causes(parents, stg="success", unique="fail", orders="skipped", revenue="skipped")

    assert found == {ORDERS: "test.shop.unique", REVENUE: "test.shop.unique"}


def test_a_warning_is_no_cause():
    parents = {**LINE, "test.shop.unique": [STG]}

    assert causes(parents, stg="success", unique="warn", orders="skipped") == {}


def test_the_nearest_failure_is_the_cause():
    parents = {REVENUE: [ORDERS, STG], ORDERS: ["model.shop.far"]}
    results = [
        result("model.shop.far", "error"),
        result(ORDERS, "skipped"),
        result(STG, "error"),
        result(REVENUE, "skipped"),
    ]
    found = root_causes(read_run_results(run_results(*results)), parents)

    assert found == {ORDERS: "model.shop.far", REVENUE: STG}


def test_a_failed_unit_test_is_the_cause_for_its_own_model():
    """`dbt build` runs unit tests first and skips the model when one fails."""
    unit = "unit_test.shop.orders.adds_up"
    results = [
        result(STG),
        result(unit, "fail"),
        result(ORDERS, "skipped"),
        result(REVENUE, "skipped"),
    ]
    found = root_causes(read_run_results(run_results(*results)), {**LINE, unit: [ORDERS]})

    assert found == {ORDERS: unit, REVENUE: unit}


def test_a_data_test_of_the_skipped_node_itself_is_no_cause():
    parents = {"test.shop.unique": [ORDERS]}

    assert causes(parents, orders="skipped", unique="error") == {}


def test_a_skip_without_a_failure_upstream_has_no_cause():
    """Fusion calls ephemeral models skipped in every run."""
    assert causes(LINE, stg="success", orders="skipped") == {}


def test_a_circle_comes_to_an_end():
    assert causes({ORDERS: [REVENUE], REVENUE: [ORDERS]}, orders="skipped") == {}


def test_a_real_failed_build_has_a_cause_for_every_skip():
    (run,) = (run for run in read_story() if run.name == "tonight")
    blobs = {path.rpartition("/")[2]: one.blob for path, one in run.steps[4].artifacts.items()}
    results = read_run_results(read_blob(FOLDER, blobs["run_results.json"]))
    parents = Manifest(read_blob(FOLDER, blobs["manifest.json"])).parents
    skipped = {one.unique_id for one in results.results if one.status == "skipped"}

    found = root_causes(results, parents)
    assert set(found) == skipped
    assert {found[uid] for uid in skipped if uid.startswith("model.")} == {"model.shop.order_items"}
    assert found["exposure.shop.sales_overview"].startswith("test.shop.not_null_customers_v2_email")
