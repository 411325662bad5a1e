"""What the newest results say of builds, tests and sources, whatever the run itself came to."""

from datetime import timedelta

import pytest

from sigma_dbt_sync.sync.graph import BUILD, FRESHNESS
from sigma_dbt_sync.sync.graph_query import Run
from sigma_dbt_sync.sync.verdicts import build_of, freshness_of, is_news, verdict_of
from tests.orchestration.graphs import NOW, ORDERS, check, status

TEST_ID = "test.shop.unique_orders_id"
RUNS = {1: Run("https://dbt.test/runs/1/", "Daily")}
AN_HOUR_AGO, A_DAY_AGO = NOW - timedelta(hours=1), NOW - timedelta(hours=24)
BUILT_BEFORE = {"ok_at": A_DAY_AGO, "ok_run_id": 8}
FAILED = {"attempt_status": "error", "attempt_status_group": "bad", "attempt_message": "No such x"}
SKIPPED = {
    "latest_status": "skipped",
    "latest_status_group": "skipped",
    "latest_at": NOW,
    "latest_run_id": 2,
    "latest_step_index": 5,
    "latest_root_cause": "model.shop.stg",
}


def build_check():
    return check("dbt_build", unique_id=ORDERS, kind=BUILD)


def test_a_build_names_its_run_time_and_rows():
    row = status(attempt_seconds=1.5, attempt_rows_affected=12)
    built = build_of(row, RUNS)

    assert (built.result, built.at, built.run.job_name) == ("1", AN_HOUR_AGO, "Daily")
    assert (built.seconds, built.rows) == (1.5, 12)


def test_a_failed_attempt_does_not_hide_the_build_before():
    built = build_of(status(**FAILED, **BUILT_BEFORE), {})

    assert (built.result, built.at, built.seconds) == ("8", A_DAY_AGO, None)


@pytest.mark.parametrize(
    "row",
    [
        status(**FAILED),
        status(TEST_ID),
        status("source.shop.till.orders", attempt_status_group=None),
    ],
    ids=["never built", "a test", "a source"],
)
def test_what_dbt_did_not_build_was_not_built(row):
    assert build_of(row, {}) is None


@pytest.mark.parametrize(
    ("group", "judged"), [("ok", (True, False)), ("warn", (False, True)), ("bad", (False, False))]
)
def test_a_test_passes_warns_or_fails(group, judged):
    row = status(TEST_ID, attempt_status_group=group, attempt_failures=3)
    verdict = verdict_of(check(), row, RUNS)

    assert (verdict.passed, verdict.is_warning) == judged
    assert (verdict.result, verdict.failures) == ("1/4", 3)


@pytest.mark.parametrize("group", [None, "other"])
def test_a_test_that_never_ran_or_ended_strangely_is_not_judged(group):
    assert verdict_of(check(), status(TEST_ID, attempt_status_group=group), {}) is None


def test_a_failed_build_says_what_dbt_said():
    verdict = verdict_of(build_check(), status(**FAILED, **SKIPPED), {})

    assert (verdict.passed, verdict.is_warning) == (False, False)
    assert verdict.message == "No such x"


def test_a_node_skipped_since_its_build_is_no_good_news():
    verdict = verdict_of(build_check(), status(**SKIPPED), {})

    assert (verdict.passed, verdict.is_warning, verdict.result) == (False, True, "2/5")
    assert verdict.message == "Not rebuilt: model.shop.stg failed."


def test_a_skip_before_the_build_is_forgotten():
    skipped = {**SKIPPED, "latest_at": AN_HOUR_AGO}

    assert verdict_of(build_check(), status(**skipped), {}).passed


def test_a_skipped_test_keeps_its_last_verdict():
    assert verdict_of(check(), status(TEST_ID, **SKIPPED), {}).passed


def test_a_stale_source_fails_its_check():
    row = status(
        "source.shop.till.orders",
        attempt_status_group=None,
        freshness_status="error",
        freshness_status_group="bad",
        freshness_at=AN_HOUR_AGO,
        freshness_run_id=1,
        freshness_step_index=4,
        freshness_age_seconds=90.0,
    )
    of_source = check("dbt_freshness", kind=FRESHNESS)

    assert freshness_of(row, RUNS).age_seconds == 90.0
    assert verdict_of(of_source, row, RUNS).passed is False


@pytest.mark.parametrize(("hours", "news"), [(24, True), (24.01, False)])
def test_news_is_a_day_old_at_most(hours, news):
    assert is_news(NOW - timedelta(hours=hours), NOW) is news
