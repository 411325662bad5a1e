"""What run_failures blames, on the demo account's story."""

import json

import pytest

from sigma_dbt_sync.demo import company
from tests.views.made_up import ORDERS, executed, run, status


@pytest.fixture
def failures(rows, account):
    def of_run(name):
        return rows("SELECT * FROM run_failures WHERE run_id = ?", account.run(name).id)

    return of_run


@pytest.fixture
def build(account):
    """Results of tonight's failing build by unique_id, read from the artifact itself."""
    document = json.loads(account.run("tonight").artifact("run_results.json", 5))
    return {result["unique_id"]: result["status"] for result in document["results"]}


def by_unique_id(found):
    return {one["unique_id"]: one for one in found}


def test_what_failed_is_its_own_root_cause(failures, build):
    tonight = [one for one in failures("tonight") if one["dbt_command"] == "build"]
    causes = {one["unique_id"] for one in tonight if one["is_root_cause"]}

    assert causes == {uid for uid, status in build.items() if status in ("error", "fail")}
    assert len(causes) == 2
    for one in tonight:
        if one["is_root_cause"]:
            assert one["root_cause_unique_id"] == one["unique_id"]
            assert one["root_cause_key"] == one["node_key"]


def test_what_was_skipped_names_what_failed_above_it(failures, build):
    found = by_unique_id(failures("tonight"))
    skipped = {uid for uid, status in build.items() if status == "skipped"}

    assert {uid for uid, one in found.items() if not one["is_root_cause"]} == skipped
    best_sellers, broken = found["model.shop.best_sellers"], found["model.shop.order_items"]
    assert best_sellers["root_cause_key"] == broken["node_key"]
    assert best_sellers["reason"] == "model.shop.order_items failed"
    overview = found["exposure.shop.sales_overview"]
    assert overview["root_cause_unique_id"].startswith("test.shop.not_null_customers_v2_email")


def test_every_skip_of_the_night_is_counted_once(failures, build):
    found = failures("tonight")
    skipped = [uid for uid, status in build.items() if status == "skipped"]

    assert sum(one["skipped_count"] for one in found) == len(skipped)
    assert by_unique_id(found)["model.shop.order_items"]["skipped_count"] == 8


def test_the_root_cause_key_joins_the_tab(rows):
    (found,) = rows(
        "SELECT tab.model_name, tab.health FROM run_failures AS failures "
        "JOIN dbt_tab AS tab ON tab.node_key = failures.root_cause_key "
        "WHERE failures.unique_id = 'model.shop.daily_revenue'"
    )
    assert found == {"model_name": "order_items", "health": "failing"}


def test_a_stale_source_fails_even_where_the_run_succeeded(failures):
    (found,) = failures("baseline")

    assert found["unique_id"] == "source.shop.warehouse.stock_counts"
    assert (found["run_status"], found["dbt_command"]) == ("success", "source freshness")
    assert (found["resource_type"], found["skipped_count"]) == ("source", 0)


def test_a_run_without_artifacts_has_one_row_that_says_why(failures):
    (found,) = failures("parse_error")

    assert (found["unique_id"], found["node_key"], found["resource_type"]) == (None, None, "run")
    assert "could not parse" in found["reason"]
    assert found["is_root_cause"] is True
    assert found["job_name"] == company.DAILY.name


def test_a_failed_freshness_run_is_told_by_its_source_alone(failures):
    assert [one["resource_type"] for one in failures("freshness")] == ["source"]


def test_a_pull_request_s_failure_is_marked_as_such(failures):
    found = failures("pull_request")

    assert found
    assert {one["feeds_state"] for one in found} == {False}
    assert {one["is_production"] for one in found} == {False}
    assert {one["trigger_category"] for one in found} == {"ci"}


def test_what_a_cancelled_run_left_undone_is_no_failure(failures):
    assert [one["resource_type"] for one in failures("cancelled")] == ["source"]


def test_runs_that_went_well_have_no_row(failures):
    assert failures("staging") == failures("hourly") == failures("tests") == []


def test_dbt_s_words_are_there_for_the_newest_attempt(failures):
    found = by_unique_id(failures("tonight"))

    assert "list_price" in found["model.shop.order_items"]["reason"]


def test_the_words_of_another_run_s_attempt_are_not_told(ask):
    newest = {"attempt_run_id": 2, "attempt_step_index": 4, "attempt_message": "No such column."}
    found = ask(
        "run_failures",
        *(run(n, status="error") for n in (1, 2)),
        executed(1, "error", hours=5),
        executed(2, "error"),
        status(**newest),
    )

    assert {one["run_id"]: one["reason"] for one in found} == {1: None, 2: "No such column."}


def test_causes_of_different_commands_are_not_mixed(ask):
    """The same model failed in two runs, and each skipped something else."""
    found = ask(
        "run_failures",
        run(1, status="error"),
        run(2, status="error"),
        executed(1, "error", hours=5),
        executed(1, "skipped", hours=5, unique_id="model.shop.a", root_cause=ORDERS),
        executed(1, "skipped", hours=5, unique_id="model.shop.b", root_cause=ORDERS),
        executed(2, "error"),
        executed(2, "skipped", unique_id="model.shop.a", root_cause=ORDERS),
    )
    counts = {one["run_id"]: one["skipped_count"] for one in found if one["is_root_cause"]}

    assert counts == {1: 2, 2: 1}


def test_a_skip_nobody_is_to_blame_for_is_left_out(ask):
    """Some versions of dbt report ephemeral models as skipped."""
    found = ask("run_failures", run(1), executed(1, "skipped"))

    assert found == []


def test_there_is_one_row_a_node_and_command(rows):
    assert (
        rows(
            "SELECT run_id, step_index, unique_id FROM run_failures "
            "GROUP BY ALL HAVING count(*) > 1"
        )
        == []
    )
