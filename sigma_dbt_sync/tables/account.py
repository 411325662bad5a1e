"""dbt_projects, dbt_environments, dbt_jobs, dbt_job_status: what the account consists of."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    CreatedAt,
    EnvironmentId,
    IsDeleted,
    ProjectId,
    UpdatedAt,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of


class ProjectRow(Row, frozen=True, kw_only=True):
    """One row per dbt Cloud project."""

    account_id: AccountId
    project_id: Annotated[int, Meta(description="dbt Cloud project.")]
    name: Annotated[str, Meta(description="Project name in dbt Cloud.")]
    description: Annotated[str | None, Meta(description="Project description in dbt Cloud.")]
    is_deleted: IsDeleted
    created_at: CreatedAt
    updated_at: UpdatedAt


class EnvironmentRow(Row, frozen=True, kw_only=True):
    """One row per dbt Cloud environment."""

    account_id: AccountId
    environment_id: EnvironmentId
    project_id: ProjectId
    name: Annotated[str, Meta(description="Environment name in dbt Cloud.")]
    type: Annotated[str | None, Meta(description="development or deployment.")]
    deployment_type: Annotated[
        str | None, Meta(description="production, staging, or empty for general ones.")
    ]
    is_production: Annotated[bool, Meta(description="Whether deployment_type is production.")]
    dbt_version: Annotated[
        str | None, Meta(description="dbt version or release track the environment asks for.")
    ]
    custom_branch: Annotated[
        str | None, Meta(description="Branch its runs use, when it has one of its own.")
    ]
    is_deleted: IsDeleted
    created_at: CreatedAt
    updated_at: UpdatedAt
    definitions_run_id: Annotated[
        int | None, Meta(description="Run whose manifest last decided the current definitions.")
    ]
    definitions_at: Annotated[datetime | None, Meta(description="When that run started, UTC.")]
    metadata_as_of: Annotated[
        datetime | None,
        Meta(description="When the newest run that feeds this environment's state finished, UTC."),
    ]


class JobRow(Row, frozen=True, kw_only=True):
    """One row per dbt Cloud job."""

    account_id: AccountId
    job_id: Annotated[int, Meta(description="dbt Cloud job.")]
    project_id: ProjectId
    environment_id: Annotated[int | None, Meta(description="dbt Cloud environment.")]
    name: Annotated[str, Meta(description="Job name in dbt Cloud.")]
    description: Annotated[str | None, Meta(description="Job description in dbt Cloud.")]
    job_type: Annotated[
        str | None, Meta(description="scheduled, ci, merge, adaptive or other, as dbt Cloud says.")
    ]
    execute_steps: Annotated[Json, Meta(description="The job's dbt commands, in order.")]
    generate_docs: Annotated[
        bool | None, Meta(description="Whether runs end with dbt docs generate.")
    ]
    run_generate_sources: Annotated[
        bool | None, Meta(description="Whether runs begin with dbt source freshness.")
    ]
    is_scheduled: Annotated[bool | None, Meta(description="Whether its schedule is on.")]
    schedule: Annotated[str | None, Meta(description="Cron expression of its schedule.")]
    target_name: Annotated[str | None, Meta(description="dbt target of its runs.")]
    threads: Annotated[int | None, Meta(description="dbt threads of its runs.")]
    dbt_version: Annotated[str | None, Meta(description="dbt version, when not the environment's.")]
    is_deleted: IsDeleted
    created_at: CreatedAt
    updated_at: UpdatedAt


class JobStatusRow(Row, frozen=True, kw_only=True):
    """One row per job: its newest finished run and how long runs usually take; kept by the load."""

    account_id: AccountId
    job_id: Annotated[int, Meta(description="dbt Cloud job.")]
    project_id: ProjectId
    environment_id: Annotated[int | None, Meta(description="dbt Cloud environment.")]
    health: Annotated[
        str,
        Meta(
            description="failing after an error, warning after a success with warnings or a "
            "cancelled run, healthy after a success."
        ),
    ]
    health_detail: Annotated[str, Meta(description="Why, in one sentence.")]
    last_run_id: Annotated[int, Meta(description="Newest finished run.")]
    last_status: Annotated[str, Meta(description="Status of that run.")]
    last_started_at: Annotated[datetime | None, Meta(description="When it started, UTC.")]
    last_finished_at: Annotated[datetime | None, Meta(description="When it finished, UTC.")]
    run_seconds_p50: Annotated[
        float | None, Meta(description="Median duration of its newest 30 successful runs, seconds.")
    ]
    runs_counted: Annotated[int, Meta(description="How many runs that median counts.")]


DBT_PROJECTS = table_of(
    ProjectRow, name="dbt_projects", key=("account_id", "project_id"), group="dbt_cloud"
)
DBT_ENVIRONMENTS = table_of(
    EnvironmentRow, name="dbt_environments", key=("account_id", "environment_id"), group="dbt_cloud"
)
DBT_JOBS = table_of(JobRow, name="dbt_jobs", key=("account_id", "job_id"), group="dbt_cloud")
DBT_JOB_STATUS = table_of(
    JobStatusRow, name="dbt_job_status", key=("account_id", "job_id"), group="dbt_cloud"
)
