"""Older history: which windows are fetched, and that the next sync loads what they brought."""

from datetime import date, timedelta

import dagster as dg
import pytest

from sigma_dbt_sync.orchestration.backfill import windows
from sigma_dbt_sync.orchestration.freshness import late_after

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("days", "reaches"),
    [(0, [0]), (10, [10]), (30, [30]), (31, [30, 31]), (365, [30, 60, 120, 240, 365])],
)
def test_windows_reach_twice_as_far_each_time(days, reaches):
    found = windows(TODAY - timedelta(days=days), TODAY)

    assert [(TODAY - start).days for start in found] == reaches


def backfill(deployment, since: str) -> dg.ExecuteInProcessResult:
    from sigma_dbt_sync.definitions import defs

    return defs.resolve_job_def("dbt_history_backfill").execute_in_process(
        instance=deployment.instance,
        run_config={"ops": {"plan_windows": {"config": {"since": since}}}},
        raise_on_error=False,
    )


def test_older_runs_are_fetched_and_loaded_by_the_next_sync(deployment, environment):
    environment.setenv("DBT_CLOUD_HISTORY_DAYS", "1")
    assert deployment.sync().success
    ((recent,),) = deployment.query("SELECT count(*) FROM dbt_runs")
    done = backfill(deployment, f"{deployment.account.anchor - timedelta(days=45):%Y-%m-%d}")
    fetched = done.output_for_node("sum_up")
    assert deployment.sync().success
    ((after,),) = deployment.query("SELECT count(*) FROM dbt_runs")

    assert done.success
    assert fetched == after - recent > 0
    assert len([e for e in done.all_events if e.step_key and e.is_step_success]) == 4


@pytest.mark.parametrize(("since", "says"), [("yesterday", "is no day"), ("2999-01-01", "ahead")])
def test_a_day_that_makes_no_sense_is_refused_at_once(deployment, since, says):
    (failure,) = [e for e in backfill(deployment, since).all_events if e.is_step_failure]

    assert says in failure.step_failure_data.user_failure_data.description


@pytest.mark.parametrize(
    ("cron", "warn", "fail"),
    [
        ("*/15 * * * *", timedelta(hours=1.5), timedelta(hours=3)),
        ("0 6 * * *", timedelta(hours=49), timedelta(hours=98)),
        ("0 6 * * 1-5", timedelta(hours=145), timedelta(hours=290)),
    ],
)
def test_a_table_is_late_when_ticks_brought_nothing(cron, warn, fail):
    policy = late_after(cron, "UTC")

    assert (policy.warn_window.to_timedelta(), policy.fail_window.to_timedelta()) == (warn, fail)
