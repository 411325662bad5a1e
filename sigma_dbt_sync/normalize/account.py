"""Projects, environments and jobs to rows."""

from collections.abc import Mapping

from sigma_dbt_sync.artifacts.account import AccountObjects, Environment
from sigma_dbt_sync.normalize.keys import to_json
from sigma_dbt_sync.tables.account import EnvironmentRow, JobRow, ProjectRow


def project_rows(objects: AccountObjects, account_id: int) -> list[ProjectRow]:
    """Make a row per project."""
    return [
        ProjectRow(
            account_id=account_id,
            project_id=project.id,
            name=project.name,
            description=project.description,
            is_deleted=project.is_deleted,
            created_at=project.created_at,
            updated_at=project.updated_at,
        )
        for project in objects.projects
    ]


def job_rows(objects: AccountObjects, account_id: int) -> list[JobRow]:
    """Make a row per job."""
    return [
        JobRow(
            account_id=account_id,
            job_id=job.id,
            project_id=job.project_id,
            environment_id=job.environment_id,
            name=job.name,
            description=job.description,
            job_type=job.job_type,
            execute_steps=to_json(job.execute_steps),
            generate_docs=job.generate_docs,
            run_generate_sources=job.run_generate_sources,
            is_scheduled=job.is_scheduled,
            schedule=job.schedule_cron,
            target_name=job.target_name,
            threads=job.threads,
            dbt_version=job.dbt_version,
            is_deleted=job.is_deleted,
            created_at=job.created_at,
            updated_at=job.updated_at,
        )
        for job in objects.jobs
    ]


def environment_rows(
    objects: AccountObjects, account_id: int, present: Mapping[int, EnvironmentRow]
) -> list[EnvironmentRow]:
    """Make a row per environment, keeping what the load itself knows about the `present` ones."""
    return [
        _environment_row(environment, account_id, present.get(environment.id))
        for environment in objects.environments
    ]


def _environment_row(
    environment: Environment, account_id: int, present: EnvironmentRow | None
) -> EnvironmentRow:
    return EnvironmentRow(
        account_id=account_id,
        environment_id=environment.id,
        project_id=environment.project_id,
        name=environment.name,
        type=environment.type,
        deployment_type=environment.deployment_type,
        is_production=environment.deployment_type == "production",
        dbt_version=environment.dbt_version,
        custom_branch=environment.custom_branch,
        is_deleted=environment.is_deleted,
        created_at=environment.created_at,
        updated_at=environment.updated_at,
        definitions_run_id=present.definitions_run_id if present else None,
        definitions_at=present.definitions_at if present else None,
        metadata_as_of=present.metadata_as_of if present else None,
    )
