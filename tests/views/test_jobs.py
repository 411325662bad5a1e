"""What relation_jobs and job_health tell, on the demo account and on longer histories."""

import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import company
from tests.views.made_up import (
    ENVIRONMENT,
    JOB,
    executed,
    hours_ago,
    key,
    relation,
    row,
    run,
)

SOURCE = "source.shop.till.orders"


def job(job_id=JOB, **fields):
    return row(tables.DBT_JOBS, job_id=job_id, name=f"Job {job_id}", **fields)


def history(*seconds: float, newest_hours: float = 1, first_id: int = 1, **fields):
    """Make one run an hour, the newest first, that took so many seconds."""
    return [
        run(first_id + n, hours=newest_hours + n, seconds=took, **fields)
        for n, took in enumerate(seconds)
    ]


def health(ask, *rows):
    (found,) = ask("job_health", job(), *rows)
    return found


def test_thirty_runs_are_compared_with_the_thirty_before(ask):
    found = health(ask, *history(*[60] * 30, *[30] * 30, *[999] * 10))

    assert (found["runs"], found["seconds_p50"], found["seconds_p95"]) == (30, 60, 60)
    assert (found["previous_runs_success"], found["previous_seconds_p50"]) == (30, 30)
    assert (found["slowdown"], found["is_slower"]) == (2, True)


def test_p95_is_between_the_slowest_runs(ask):
    found = health(ask, *history(*range(1, 22)))

    assert (found["seconds_p50"], found["seconds_p95"]) == (11, 20)


@pytest.mark.parametrize(("now", "slower"), [(59, False), (60, False), (61, True), (20, False)])
def test_a_fifth_more_than_before_is_slower(ask, now, slower):
    assert health(ask, *history(*[now] * 30, *[50] * 30))["is_slower"] is slower


def test_too_few_runs_say_nothing_about_speed(ask):
    found = health(ask, *history(*[60] * 30, *[30] * 4))

    assert (found["previous_seconds_p50"], found["is_slower"]) == (30, None)


def test_a_run_that_breaks_off_early_is_not_a_fast_one(ask):
    broken = history(*[1] * 8, status="error")
    cancelled = history(2, status="cancelled", first_id=50, newest_hours=9)
    found = health(ask, *broken, *cancelled, *history(*[60] * 6, first_id=100, newest_hours=10))

    assert found["seconds_p50"] == 60
    counts = (found["runs"], found["runs_success"], found["runs_error"], found["runs_cancelled"])
    assert counts == (15, 6, 8, 1)
    assert float(found["success_percent"]) == 40


def test_runs_still_going_on_are_not_counted(ask):
    going = [run(900, status="running", finished_at=None), run(901, status="queued")]

    assert health(ask, *going, *history(60))["runs"] == 1


def test_a_run_cancelled_before_it_started_counts_at_its_creation(ask):
    """It is the newest: the oldest of 31 falls out, not this one."""
    unstarted = run(
        99, status="cancelled", started_at=None, finished_at=None, created_at=hours_ago(0.5)
    )
    found = health(ask, unstarted, *history(*[60] * 30))

    assert (found["runs"], found["runs_cancelled"], found["runs_success"]) == (30, 1, 29)


def test_jobs_are_judged_apart(ask):
    found = ask(
        "job_health",
        job(),
        job(JOB + 1),
        *history(*[10] * 30),
        *history(*[70] * 30, first_id=100, job_id=JOB + 1, status="error"),
    )
    percent = {one["job_id"]: (one["runs"], float(one["success_percent"])) for one in found}

    assert percent == {JOB: (30, 100), JOB + 1: (30, 0)}


def test_every_job_of_the_story_has_its_row_even_one_that_never_ran(rows):
    found = {one["job_id"]: one for one in rows("SELECT * FROM job_health")}

    assert set(found) == {job.id for job in company.JOBS}
    retired = found[company.RETIRED.id]
    assert (retired["runs"], retired["health"], retired["is_deleted"]) == (0, None, True)
    daily = found[company.DAILY.id]
    assert (daily["runs"], daily["runs_success"]) == (6, 2)
    assert (daily["runs_error"], daily["runs_cancelled"]) == (2, 2)
    assert (daily["health"], daily["is_production"]) == ("failing", True)


def test_runs_without_artifacts_count(rows, account):
    """The project of one night could not be parsed: no artifact, and a run all the same."""
    (counted,) = rows("SELECT sum(runs) AS n FROM job_health")
    finished = [one for one in account.runs.values() if one.is_finished]

    assert counted["n"] == len(finished)


def test_the_last_run_of_the_story_stands_beside_the_usual_duration(rows, account):
    (daily,) = rows("SELECT * FROM job_health WHERE job_id = ?", company.DAILY.id)

    assert daily["last_run_id_text"] == str(account.run("tonight").id)
    assert daily["last_run_url"].endswith(f"/runs/{daily['last_run_id']}/")
    assert 0 < daily["last_run_seconds"] < 2 * daily["seconds_p50"]


def test_a_relation_built_by_two_jobs_has_two_rows(ask):
    results = [executed(n, hours=n, job_id=JOB + n % 2) for n in range(1, 6)]
    found = ask("relation_jobs", job(), job(JOB + 1), relation(), *results)
    runs = {one["job_name"]: (one["runs"], one["last_run_id"]) for one in found}

    assert runs == {f"Job {JOB}": (2, 2), f"Job {JOB + 1}": (3, 1)}


def test_a_run_counts_once_with_its_last_result(ask):
    """`dbt run` failed, `dbt retry` in the next step did not."""
    found = ask(
        "relation_jobs",
        relation(),
        executed(1, "error", hours=2, invocation_id="first"),
        executed(1, "success", hours=1, invocation_id="retry", step_index=5),
    )

    assert [(one["runs"], one["runs_good"], one["runs_failed"]) for one in found] == [(1, 1, 0)]


def test_a_skip_is_a_run_that_did_not_build_it(ask):
    (found,) = ask(
        "relation_jobs", relation(), executed(1, hours=9), executed(2, "skipped", hours=1)
    )

    assert (found["runs"], found["runs_good"], found["runs_skipped"]) == (2, 1, 1)
    assert found["last_status"] == "skipped"
    assert found["last_built_at"] == hours_ago(9) < found["last_at"]


def test_thirty_days_back_and_no_further(ask):
    found = ask("relation_jobs", relation(), executed(1, hours=24 * 29), executed(2, hours=24 * 32))

    assert [one["runs"] for one in found] == [1]


def test_what_does_not_feed_state_builds_nothing(ask):
    assert ask("relation_jobs", relation(), executed(1, feeds_state=False)) == []


def test_environments_do_not_share_jobs(ask):
    other = ENVIRONMENT + 1
    found = ask(
        "relation_jobs",
        relation(),
        relation(environment=other),
        executed(1, hours=3),
        executed(2, "error", hours=1, environment=other),
    )
    statuses = {one["node_key"]: one["last_status"] for one in found}

    assert statuses == {
        key("model.shop.orders"): "success",
        key("model.shop.orders", other): "error",
    }


def test_a_freshness_job_belongs_to_its_source(ask):
    stale = row(
        tables.DBT_SOURCE_FRESHNESS,
        unique_id=SOURCE,
        invocation_id="f",
        run_id=3,
        feeds_state=True,
        status="error",
        status_group="bad",
        snapshotted_at=hours_ago(2),
    )
    (found,) = ask("relation_jobs", relation(SOURCE), stale)

    assert (found["resource_type"], found["runs_failed"]) == ("source", 1)
    assert (found["last_at"], found["last_built_at"]) == (hours_ago(2), None)


def test_in_the_story_payments_are_built_by_two_jobs(rows):
    found = rows(
        "SELECT job_name, runs FROM relation_jobs WHERE environment_id = ? "
        "AND unique_id = 'model.shop.stg_payments' ORDER BY 1",
        company.PRODUCTION.id,
    )

    assert found == [
        {"job_name": company.DAILY.name, "runs": 4},
        {"job_name": company.HOURLY.name, "runs": 1},
    ]
