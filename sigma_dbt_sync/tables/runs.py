"""dbt_runs, dbt_run_steps, dbt_invocations: what ran, in which steps, with which dbt commands."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    CreatedAt,
    InvocationId,
    JobId,
    ProjectId,
    RunId,
    StepIndex,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of

NullableEnvironmentId = Annotated[int | None, Meta(description="dbt Cloud environment.")]


class RunRow(Row, frozen=True, kw_only=True):
    """One row per dbt Cloud run; written again until the run is over."""

    account_id: AccountId
    run_id: RunId
    job_id: JobId
    project_id: ProjectId
    environment_id: NullableEnvironmentId
    status: Annotated[
        str, Meta(description="queued, starting, running, success, error or cancelled.")
    ]
    status_message: Annotated[str | None, Meta(description="What dbt Cloud says about the status.")]
    trigger_cause: Annotated[
        str | None, Meta(description="Why the run started, in dbt Cloud's words.")
    ]
    trigger_category: Annotated[
        str | None,
        Meta(description="scheduled, api, ui, ci, merge, job completion or another category."),
    ]
    git_branch: Annotated[str | None, Meta(description="Branch that was built.")]
    git_sha: Annotated[str | None, Meta(description="Commit that was built.")]
    pull_request_id: Annotated[
        int | None, Meta(description="Pull request the run checks, when it is a CI run.")
    ]
    schema_override: Annotated[
        str | None, Meta(description="Schema the run built into instead of the environment's.")
    ]
    variant: Annotated[
        str, Meta(description="How the project was parsed: target, variables, overrides.")
    ]
    dbt_version: Annotated[str | None, Meta(description="dbt version as dbt Cloud names it.")]
    run_url: Annotated[str | None, Meta(description="Page of the run in dbt Cloud.")]
    created_at: CreatedAt
    started_at: Annotated[datetime | None, Meta(description="When it started, UTC.")]
    finished_at: Annotated[datetime | None, Meta(description="When it finished, UTC.")]
    queued_seconds: Annotated[float | None, Meta(description="Seconds from creation to start.")]
    run_seconds: Annotated[float | None, Meta(description="Seconds from start to finish.")]
    artifact_state: Annotated[
        str,
        Meta(
            description="pending (still going on, or artifacts may still come), complete, partial "
            "(some never came) or none."
        ),
    ]
    feeds_state: Annotated[
        bool,
        Meta(
            description="Whether the run says something about the environment: false for CI and "
            "pull request runs, overridden schemas or targets, and foreign branches."
        ),
    ]
    bad_count: Annotated[
        int,
        Meta(description="Results that failed in the run's dbt commands; none of a cancelled run."),
    ]
    warn_count: Annotated[int, Meta(description="Results that warned in the run's dbt commands.")]
    skipped_count: Annotated[
        int,
        Meta(description="Results skipped in the run's dbt commands; none of a cancelled run."),
    ]
    failure_detail: Annotated[
        str | None, Meta(description="The first thing that went wrong: step, node, dbt's message.")
    ]
    archive_entry_sha256: Annotated[
        str, Meta(description="Archive entry these rows were made from.")
    ]


class RunStepRow(Row, frozen=True, kw_only=True):
    """One row per step of a run; no log text is kept."""

    account_id: AccountId
    run_id: RunId
    step_index: StepIndex
    job_id: JobId
    project_id: ProjectId
    environment_id: NullableEnvironmentId
    name: Annotated[str, Meta(description="Step name in dbt Cloud.")]
    dbt_command: Annotated[
        str | None, Meta(description="dbt command of the step, such as build; empty when none.")
    ]
    status: Annotated[
        str | None, Meta(description="queued, starting, running, success, error, cancelled.")
    ]
    started_at: Annotated[datetime | None, Meta(description="When it started, UTC.")]
    finished_at: Annotated[datetime | None, Meta(description="When it finished, UTC.")]
    run_seconds: Annotated[float | None, Meta(description="Seconds from start to finish.")]
    invocation_id: Annotated[
        str | None, Meta(description="dbt command's id; empty when the step left no artifact.")
    ]


class InvocationRow(Row, frozen=True, kw_only=True):
    """One row per dbt command that left artifacts."""

    account_id: AccountId
    invocation_id: InvocationId
    run_id: RunId
    step_index: StepIndex
    job_id: JobId
    project_id: ProjectId
    environment_id: NullableEnvironmentId
    command: Annotated[
        str | None, Meta(description="dbt command as dbt names it: build, run, test, generate.")
    ]
    is_executing: Annotated[
        bool, Meta(description="Whether the command built or tested something.")
    ]
    dbt_version: Annotated[str | None, Meta(description="dbt version that ran.")]
    adapter_type: Annotated[
        str | None, Meta(description="dbt adapter, such as snowflake or duckdb.")
    ]
    started_at: Annotated[datetime | None, Meta(description="When the command started, UTC.")]
    generated_at: Annotated[datetime | None, Meta(description="When it wrote its artifacts, UTC.")]
    elapsed_seconds: Annotated[float | None, Meta(description="Seconds the command took.")]
    ok_count: Annotated[int, Meta(description="Results that succeeded or passed.")]
    warn_count: Annotated[int, Meta(description="Results that warned.")]
    bad_count: Annotated[int, Meta(description="Results that failed or errored.")]
    skipped_count: Annotated[int, Meta(description="Results that were skipped.")]
    other_count: Annotated[int, Meta(description="Results with a status unknown to this version.")]
    args: Annotated[
        Json | None, Meta(description="The command's selection and flags, an allow-list of them.")
    ]


DBT_RUNS = table_of(RunRow, name="dbt_runs", key=("account_id", "run_id"), group="dbt_cloud")
DBT_RUN_STEPS = table_of(
    RunStepRow, name="dbt_run_steps", key=("account_id", "run_id", "step_index"), group="dbt_cloud"
)
DBT_INVOCATIONS = table_of(
    InvocationRow, name="dbt_invocations", key=("account_id", "invocation_id")
)
