"""What is worth asking for, from the steps alone."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from sigma_dbt_sync.artifacts.dbt_command import without_vars
from sigma_dbt_sync.artifacts.run_entry import Run, Step
from sigma_dbt_sync.sync.extract_wanted import (
    is_unfinished,
    manifest_key,
    manifest_steps,
    variant,
    wanted,
)

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)
RUN = Run(
    id=7,
    account_id=1,
    status=10,
    environment_id=5,
    git_sha="abc",
    git_branch="main",
    dbt_version="1.11",
    created_at=NOON,
)


def steps(*commands: str) -> list[Step]:
    first = [
        Step(index=1, name="Clone git repository", status=10, started_at=NOON),
        Step(index=2, name="Create profile", status=10, started_at=NOON),
    ]
    return first + [
        Step(
            index=index,
            name=without_vars(f"Invoke dbt with `{command}`"),
            status=10,
            started_at=NOON,
        )
        for index, command in enumerate(commands, start=3)
    ]


def asked(*commands: str) -> list[tuple[int, str]]:
    return [(want.step_index, want.kind) for want in wanted(steps(*commands))]


def named(*commands: str, run: Run = RUN, overrides: str | None = None) -> str:
    return variant(run, steps(*commands), overrides)


def test_run_results_of_every_step_that_writes_some():
    assert asked("dbt deps", "dbt seed", "dbt run", "dbt test", "dbt clean", "dbt debug") == [
        (4, "run_results"),
        (5, "run_results"),
        (6, "run_results"),
    ]


def test_catalog_of_docs_and_sources_of_freshness():
    assert asked("dbt source freshness", "dbt docs generate", "dbt compile --write-catalog") == [
        (3, "sources"),
        (4, "run_results"),
        (4, "catalog"),
        (5, "run_results"),
        (5, "catalog"),
    ]


def test_a_command_nobody_understands_is_asked_for_everything():
    wants = [*manifest_steps(steps("dbt novelty")), *wanted(steps("dbt novelty"))]

    assert {want.kind for want in wants} == {"manifest", "run_results", "catalog", "sources"}
    assert not any(want.is_expected for want in wants)


@pytest.mark.parametrize(
    ("commands", "order"),
    [
        (["dbt seed", "dbt build", "dbt docs generate"], [4, 5, 3]),
        (["dbt build", "dbt source freshness"], [3, 4]),
        (["dbt parse", "dbt source freshness"], [4, 3]),
        (["dbt deps"], []),
        (["dbt run", "dbt test", "dbt novelty"], [4, 5, 3]),
    ],
)
def test_the_manifest_is_looked_for_in_the_last_executing_step_first(commands, order):
    assert [want.step_index for want in manifest_steps(steps(*commands))] == order


@pytest.mark.parametrize("status", [1, 30, None])
def test_a_step_that_never_started_is_left_out(status):
    skipped = [structs.replace(s, started_at=None, status=status) for s in steps("dbt build")]

    assert wanted(skipped) == manifest_steps(skipped) == []


def test_what_most_jobs_do_has_no_variant():
    assert named("dbt build") == ""
    assert named("dbt build", run=structs.replace(RUN, job_target_name="default")) == ""


def test_a_target_names_a_variant():
    job = structs.replace(RUN, job_target_name="eu")
    override = structs.replace(job, target_name_override="us")

    assert named("dbt build", run=job) == "target=eu"
    assert named("dbt build", run=override) == "target=us"
    assert named("dbt build -t asia", run=override) == "target=asia"


def test_vars_name_a_variant_without_their_values():
    one, same, other = (
        named(f"dbt build --vars '{text}'")
        for text in ('{"region": "s3cret"}', '{ "region":"s3cret" }', '{"region": "else"}')
    )

    assert one == same != other
    assert one.startswith("vars=")
    assert "s3cret" not in one


def test_environment_overrides_name_a_variant():
    assert named("dbt build -t eu", overrides="12ab") == "target=eu env=12ab"


def test_the_step_whose_manifest_is_taken_decides_the_variant():
    assert named("dbt build -t one", "dbt docs generate -t two") == "target=one"


def test_a_run_that_has_no_steps_yet_goes_by_its_job():
    job = structs.replace(RUN, job_execute_steps=("dbt run -t eu", "dbt docs generate"))
    override = structs.replace(job, steps_override=("dbt run -t us",))

    assert variant(job, (), None) == "target=eu"
    assert variant(override, (), None) == "target=us"


@pytest.mark.parametrize(
    "other",
    [
        {"environment_id": 6},
        {"git_sha": "def"},
        {"git_branch": "next"},
        {"dbt_version": "1.12"},
        {"schema_override": "pr_118"},
        {"created_at": datetime(2027, 3, 10, 0, 0, tzinfo=UTC)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_runs_that_may_differ_share_no_manifest(other):
    assert manifest_key(structs.replace(RUN, **other), "") != manifest_key(RUN, "")
    assert manifest_key(RUN, "target=eu") != manifest_key(RUN, "")


def test_runs_of_one_day_that_agree_share():
    later = structs.replace(RUN, id=8, created_at=datetime(2027, 3, 9, 23, 59, tzinfo=UTC))

    assert manifest_key(later, "") == manifest_key(RUN, "")


@pytest.mark.parametrize("missing", ["git_sha", "environment_id", "created_at"])
def test_a_run_nobody_can_place_shares_nothing(missing):
    assert manifest_key(structs.replace(RUN, **{missing: None}), "") is None


@pytest.mark.parametrize(
    ("status", "finished_at", "expected"),
    [(1, None, True), (3, None, True), (4, None, True), (4, NOON, False), (30, None, False)],
)
def test_a_status_nobody_knows_is_open_until_the_run_has_ended(status, finished_at, expected):
    run = structs.replace(RUN, status=status, finished_at=finished_at)

    assert is_unfinished(run) is expected
