"""Which runs say something about their environment."""

from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.normalize.run_context import NEVER, feeds_state
from tests.builders import NOON, context, minutes, run


def test_a_scheduled_run_of_the_environments_own_code_feeds_state():
    assert feeds_state(run())


@pytest.mark.parametrize("job_type", ["scheduled", "merge", "other", "adaptive", None])
@pytest.mark.parametrize("trigger", ["scheduled", "api", "ui", "merge", "deployment", None])
def test_merge_and_deployment_jobs_feed_state(job_type, trigger):
    assert feeds_state(run(job_type=job_type, trigger_category=trigger))


@pytest.mark.parametrize(
    "override",
    [
        {"job_type": "ci"},
        {"trigger_category": "ci"},
        {"pull_request_id": 118},
        {"schema_override": "dbt_cloud_pr_1_118"},
        {"target_name_override": "dev"},
    ],
    ids=lambda override: next(iter(override)),
)
def test_a_run_that_built_somewhere_else_does_not(override):
    """Each of these alone is enough."""
    assert not feeds_state(run(**override))


def test_another_branch_does_not_feed_an_environment_that_has_its_own():
    assert not feeds_state(run(environment_branch="main", git_branch="feature"))
    assert feeds_state(run(environment_branch="main", git_branch="main"))


def test_an_environment_without_a_branch_of_its_own_takes_any():
    assert feeds_state(run(environment_branch=None, git_branch="whatever"))


def test_a_run_without_a_branch_is_trusted():
    """Dbt Cloud leaves it out for runs of a commit."""
    assert feeds_state(run(environment_branch="main", git_branch=None))


@pytest.mark.parametrize("group", ["ok", "warn"])
def test_a_cancelled_run_counts_what_succeeded(group):
    assert context(status=30).counts(group)


@pytest.mark.parametrize("group", ["bad", "skipped", "other"])
def test_a_cancelled_run_blames_no_node(group):
    """Fusion reports every node as an error then, also those that had succeeded."""
    assert not context(status=30).counts(group)
    assert context(status=20).counts(group)


def test_a_run_that_does_not_feed_state_counts_nothing():
    assert not context(job_type="ci").counts("ok")


def test_a_run_without_times_or_environment_still_has_a_context():
    made = context(
        started_at=None, finished_at=None, created_at=None, environment_id=None, variant="v"
    )

    assert (made.started_at, made.finished_at, made.environment_id) == (NEVER, NEVER, 0)
    assert made.variant == "v"


def test_a_run_that_never_started_is_as_old_as_its_creation():
    made = context(started_at=None, finished_at=None, created_at=minutes(5))

    assert made.started_at == made.finished_at == minutes(5)
    assert datetime(1970, 1, 1, tzinfo=UTC) == NEVER < NOON
