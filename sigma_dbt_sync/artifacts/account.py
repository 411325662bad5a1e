"""Projects, environments and jobs of a dbt Cloud account, as the archive keeps them."""

from datetime import datetime

from msgspec import Struct


class Project(Struct, frozen=True, kw_only=True):
    """A dbt Cloud project."""

    id: int
    name: str
    description: str | None = None
    is_deleted: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Environment(Struct, frozen=True, kw_only=True):
    """A dbt Cloud environment; `deployment_type` is production, staging, or nothing."""

    id: int
    project_id: int
    name: str
    type: str | None = None
    deployment_type: str | None = None
    dbt_version: str | None = None
    custom_branch: str | None = None
    is_deleted: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A dbt Cloud job; `env_overrides_hash` names its environment-variable overrides, if any."""

    id: int
    project_id: int
    environment_id: int | None = None
    name: str
    description: str | None = None
    job_type: str | None = None
    execute_steps: tuple[str, ...] = ()
    generate_docs: bool | None = None
    run_generate_sources: bool | None = None
    is_scheduled: bool | None = None
    schedule_cron: str | None = None
    target_name: str | None = None
    threads: int | None = None
    dbt_version: str | None = None
    env_overrides_hash: str | None = None
    is_deleted: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


class AccountObjects(Struct, frozen=True, kw_only=True):
    """Projects, environments and jobs as last listed, each reduced to the fields used."""

    projects: tuple[Project, ...] = ()
    environments: tuple[Environment, ...] = ()
    jobs: tuple[Job, ...] = ()
