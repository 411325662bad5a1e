"""An archive entry to rows: the run, its steps, and how its job stands."""

import pytest

from sigma_dbt_sync.artifacts.document import Metadata
from sigma_dbt_sync.artifacts.run_entry import Artifact, Step
from sigma_dbt_sync.artifacts.sources import read_sources
from sigma_dbt_sync.normalize.executions import bare_invocation
from sigma_dbt_sync.normalize.freshness import freshness_rows
from sigma_dbt_sync.normalize.runs import artifact_state, job_status_row, run_row, step_rows
from tests.builders import context, entry, execution, minutes, sources

BUILD = Step(index=4, name="Invoke dbt with `dbt build`", status=20)


def row(*, executions=(), freshness=(), invocations=(), **fields):
    return run_row(entry(**fields), "sha", list(invocations), executions, freshness)


def job(*runs):
    return job_status_row(runs)


def stale(at="2026-03-01T12:01:00Z"):
    told = {"unique_id": "source.shop.web.sessions", "status": "error", "snapshotted_at": at}
    return freshness_rows(read_sources(sources(told)), context(), 3, {})


def artifact(state, kind="manifest"):
    return Artifact(step_index=4, kind=kind, state=state, sha256="s")


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (1, "queued"),
        (2, "starting"),
        (3, "running"),
        (10, "success"),
        (20, "error"),
        (30, "cancelled"),
        (99, "unknown (99)"),
    ],
)
def test_a_runs_status_is_a_word(number, status):
    assert row(status=number).status == status


def test_a_run_says_how_long_it_waited_and_ran():
    made = row()

    assert (made.queued_seconds, made.run_seconds) == (60.0, 1800.0)
    assert row(finished_at=None).run_seconds is None


def test_a_run_names_the_entry_it_was_made_from():
    assert row().archive_entry_sha256 == "sha"


def test_a_ci_run_does_not_feed_state():
    assert not row(pull_request_id=118).feeds_state
    assert row().feeds_state


@pytest.mark.parametrize(
    ("states", "is_final", "expected"),
    [
        (["found", "shared"], True, "complete"),
        (["found", "missing"], True, "partial"),
        (["found", "oversized"], True, "partial"),
        (["missing"], True, "none"),
        ([], True, "none"),
        (["found", "open"], False, "pending"),
        ([], False, "pending"),
    ],
)
def test_a_run_says_whether_its_artifacts_came(states, is_final, expected):
    made = entry(artifacts=tuple(map(artifact, states)), is_final=is_final)

    assert artifact_state(made) == expected


def test_a_failure_is_told_by_step_node_and_message():
    failed = execution("error", 5, message="no column 'Ann'\nhere")

    assert row(status=20, steps=(BUILD,), executions=[failed]).failure_detail == (
        "step 4 (dbt build), model.shop.orders: error: no column '…' here"
    )


def test_the_first_failure_is_told():
    found = [
        execution("error", 5, unique_id="model.shop.late"),
        execution("fail", 2, unique_id="test.shop.b"),
        execution("fail", 2, unique_id="test.shop.a"),
        execution("warn", 1),
        execution("skipped", 0),
    ]

    assert row(status=20, executions=found).failure_detail == "step 4, test.shop.a: fail."


def test_a_stale_source_is_told_only_when_nothing_else_failed():
    """Freshness is a check box of the job, and does not fail its runs."""
    failed = [execution("error", 5)]

    assert "orders" in row(status=20, executions=failed, freshness=stale()).failure_detail
    assert row(status=20, freshness=stale()).failure_detail == (
        "step 3, source.shop.web.sessions: error."
    )


def test_without_results_the_failed_step_is_told():
    """Dbt Core writes no artifact when it cannot parse the project."""
    made = row(status=20, steps=(BUILD,), status_message="could not parse 'x'")

    assert made.failure_detail == "step 4 (dbt build): could not parse '…'"


def test_a_step_that_is_not_dbt_is_told_by_its_name():
    clone = Step(index=1, name="Clone git repository", status=20)

    assert row(status=20, steps=(clone,)).failure_detail == "step 1 (Clone git repository)."


def test_without_steps_dbt_clouds_own_words_are_told():
    assert row(status=20, status_message="no 'seats' left").failure_detail == "no '…' left"


@pytest.mark.parametrize("status", [10, 30, 3])
def test_a_run_that_did_not_fail_has_no_failure(status):
    assert row(status=status, executions=[execution("error")]).failure_detail is None


def test_steps_say_their_command_and_invocation():
    steps = (
        Step(index=1, name="Clone git repository", status=10),
        Step(index=4, name="Invoke dbt with `dbt build`", status=20, started_at=minutes(1)),
        Step(index=5, name="Invoke dbt with `dbt docs generate`"),
    )
    invocation = bare_invocation(
        Metadata(invocation_id="inv-4"), context(), 4, command="build", elapsed=None
    )
    rows = step_rows(entry(steps=steps), [invocation])

    assert [one.dbt_command for one in rows] == [None, "build", "docs generate"]
    assert [one.status for one in rows] == ["success", "error", None]
    assert [one.invocation_id for one in rows] == [None, "inv-4", None]


def test_a_job_stands_as_its_newest_finished_run():
    good, bad = row(id=1), row(id=2, status=20, started_at=minutes(60), status_message="oh")

    made = job(bad, good)
    assert (made.health, made.last_run_id, made.last_status) == ("failing", 2, "error")
    assert made.health_detail == "Run 2 failed: oh"
    assert (made.account_id, made.job_id, made.environment_id) == (7, 7000, 700)


def test_a_run_that_is_going_on_does_not_judge_its_job():
    assert job(row(id=1), row(id=2, status=3, started_at=minutes(60))).health == "healthy"


def test_newest_is_by_start_then_by_id():
    """A run may finish after one that began later."""
    slow = row(id=3, status=20, started_at=minutes(0), finished_at=minutes(90))
    quick = row(id=2, started_at=minutes(10), finished_at=minutes(20))

    assert job(slow, quick).health == "healthy"
    assert job(row(id=1, status=20), row(id=2)).last_run_id == 2


def warned(count):
    invocation = bare_invocation(Metadata(), context(), 4, command="build", elapsed=None)
    values = {name: getattr(invocation, name) for name in invocation.__struct_fields__}
    return row(invocations=[type(invocation)(**(values | {"warn_count": count}))])


@pytest.mark.parametrize(
    ("run", "health", "detail"),
    [
        (row(), "healthy", "Run 1 succeeded."),
        (row(status=30), "warning", "Run 1 was cancelled."),
        (warned(1), "warning", "Run 1 succeeded, 1 result warned."),
        (warned(2), "warning", "Run 1 succeeded, 2 results warned."),
        (row(status=20), "failing", "Run 1 failed: dbt Cloud gives no reason."),
    ],
)
def test_a_jobs_health_is_a_sentence(run, health, detail):
    assert (job(run).health, job(run).health_detail) == (health, detail)


def test_the_usual_duration_is_the_median_of_thirty_successes():
    def ran(number, seconds, status=10):
        start = minutes(number)
        return row(
            id=number, status=status, started_at=start, finished_at=minutes(number + seconds)
        )

    old = [ran(number, 100) for number in range(1, 21)]
    new = [ran(number, 1) for number in range(21, 51)]
    failed = [ran(number, 500, status=20) for number in range(51, 61)]
    made = job(*old, *new, *failed)

    assert (made.run_seconds_p50, made.runs_counted) == (60.0, 30)


def test_a_job_that_never_succeeded_has_no_usual_duration():
    made = job(row(status=20))

    assert (made.run_seconds_p50, made.runs_counted) == (None, 0)


def test_a_job_without_a_finished_run_has_no_status():
    assert job(row(status=3)) is None
    assert job() is None


def test_a_run_without_a_job_has_no_job_status():
    assert job(row(job_id=None)) is None
