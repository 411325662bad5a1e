"""Turns dbt Cloud's JSON into the structs that are archived.

Almost every field of the API may be null or absent, and ids have up to fourteen digits. A field
that is not what it should be counts as absent; only an object without an id cannot be used. Step
logs and values of --vars end here.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from msgspec import Struct, json

from sigma_dbt_sync.artifacts.account import Environment, Job, Project
from sigma_dbt_sync.artifacts.dbt_command import without_vars
from sigma_dbt_sync.artifacts.run_entry import Run, Step
from sigma_dbt_sync.artifacts.values import instant

Json = Mapping[str, Any]

_DELETED = 2
_PULL_REQUEST_IDS = (
    "github_pull_request_id",
    "gitlab_merge_request_id",
    "azure_pull_request_id",
    "non_native_pull_request_id",
)


class Account(Struct, frozen=True, kw_only=True):
    """A dbt Cloud account that the token sees."""

    id: int
    name: str


def read_account(told: Json) -> Account:
    """Read an account."""
    return Account(id=_id(told), name=_name(told))


def read_project(told: Json) -> Project:
    """Read a project (v3)."""
    return Project(
        id=_id(told),
        name=_name(told),
        description=_text(told, "description"),
        is_deleted=_number(told, "state") == _DELETED,
        created_at=_time(told, "created_at"),
        updated_at=_time(told, "updated_at"),
    )


def read_environment(told: Json, project_id: int) -> Environment:
    """Read an environment (v3)."""
    return Environment(
        id=_id(told),
        project_id=_number(told, "project_id") or project_id,
        name=_name(told),
        type=_text(told, "type"),
        deployment_type=_text(told, "deployment_type"),
        dbt_version=_text(told, "dbt_version"),
        custom_branch=_custom_branch(told),
        is_deleted=_number(told, "state") == _DELETED,
        created_at=_time(told, "created_at"),
        updated_at=_time(told, "updated_at"),
    )


def read_job(told: Json) -> Job:
    """Read a job (v2)."""
    settings, schedule = _object(told, "settings"), _object(told, "schedule")
    return Job(
        id=_id(told),
        project_id=_number(told, "project_id") or 0,
        environment_id=_number(told, "environment_id"),
        name=_name(told),
        description=_text(told, "description"),
        job_type=_text(told, "job_type"),
        execute_steps=_commands(told, "execute_steps"),
        generate_docs=_flag(told, "generate_docs"),
        run_generate_sources=_flag(told, "run_generate_sources"),
        is_scheduled=_flag(_object(told, "triggers"), "schedule"),
        schedule_cron=_text(schedule, "cron"),
        target_name=_text(settings, "target_name"),
        threads=_number(settings, "threads"),
        dbt_version=_text(told, "dbt_version"),
        is_deleted=_number(told, "state") == _DELETED,
        env_overrides_hash=_overrides_hash(told),
        created_at=_time(told, "created_at"),
        updated_at=_time(told, "updated_at"),
    )


def read_run(told: Json, *, account_id: int, host: str) -> Run:
    """Read a run, with or without its related objects."""
    job, trigger = _object(told, "job"), _object(told, "trigger")
    environment = _object(told, "environment")
    pull_requests = (_number(trigger, name) for name in _PULL_REQUEST_IDS)
    href = _text(told, "href")
    status = _number(told, "status")
    if status is None:
        raise ValueError(f"run {_id(told)} has no status")
    return Run(
        id=_id(told),
        account_id=account_id,
        project_id=_number(told, "project_id"),
        environment_id=_number(told, "environment_id"),
        job_id=_number(told, "job_definition_id") or _number(told, "job_id"),
        status=status,
        status_message=_text(told, "status_message"),
        dbt_version=_text(told, "dbt_version"),
        git_branch=_text(told, "git_branch"),
        git_sha=_text(told, "git_sha"),
        created_at=_time(told, "created_at"),
        started_at=_time(told, "started_at"),
        finished_at=_time(told, "finished_at"),
        href=f"{host}{href}" if href and href.startswith("/") else href,
        artifacts_saved=_flag(told, "artifacts_saved"),
        job_type=_text(job, "job_type") or _text(told, "job_type"),
        job_target_name=_text(_object(job, "settings"), "target_name"),
        job_execute_steps=_commands(job, "execute_steps"),
        environment_branch=_custom_branch(environment),
        environment_deployment_type=_text(environment, "deployment_type"),
        trigger_cause=_text(trigger, "cause"),
        trigger_category=_text(trigger, "cause_category"),
        pull_request_id=next((number for number in pull_requests if number), None),
        schema_override=_text(trigger, "schema_override"),
        target_name_override=_text(trigger, "target_name_override"),
        steps_override=_commands(trigger, "steps_override"),
    )


def read_steps(told: Json) -> tuple[Step, ...]:
    """Read the steps of a run, in order; their logs are left behind."""
    read = [_step(step) for step in _objects(told, "run_steps")]
    return tuple(sorted((step for step in read if step.index), key=lambda step: step.index))


def _step(told: Json) -> Step:
    return Step(
        index=_number(told, "index") or 0,
        name=without_vars(_text(told, "name") or ""),
        status=_number(told, "status"),
        started_at=_time(told, "started_at"),
        finished_at=_time(told, "finished_at"),
    )


def _custom_branch(environment: Json) -> str | None:
    used = _flag(environment, "use_custom_branch")
    return None if used is False else _text(environment, "custom_branch")


def _overrides_hash(job: Json) -> str | None:
    """Name a job's environment-variable overrides without telling them."""
    overrides = sorted(
        [f"{variable.get('name')}", f"{variable.get('raw_value')} {variable.get('display_value')}"]
        for variable in _objects(job, "custom_environment_variables")
        if variable.get("type") == "job"
    )
    return sha256(json.encode(overrides)).hexdigest()[:12] if overrides else None


def _id(told: Json) -> int:
    number = _number(told, "id")
    if number is None:
        raise ValueError("an object has no id")
    return number


def _name(told: Json) -> str:
    return _text(told, "name") or f"{told.get('id')}"


def _commands(told: Json, name: str) -> tuple[str, ...]:
    value: Any = told.get(name)
    lines = cast("list[Any]", value) if isinstance(value, list) else []
    return tuple(without_vars(line) for line in lines if isinstance(line, str))


def _object(told: Json, name: str) -> Json:
    value: Any = told.get(name)
    return cast("Json", value) if isinstance(value, dict) else {}


def _objects(told: Json, name: str) -> list[Json]:
    value: Any = told.get(name)
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("Json", item) for item in listed if isinstance(item, dict)]


def _text(told: Json, name: str) -> str | None:
    value: Any = told.get(name)
    return value if isinstance(value, str) and value else None


def _flag(told: Json, name: str) -> bool | None:
    value: Any = told.get(name)
    return value if isinstance(value, bool) else None


def _number(told: Json, name: str) -> int | None:
    value: Any = told.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(told: Json, name: str) -> datetime | None:
    return instant(_text(told, name))
