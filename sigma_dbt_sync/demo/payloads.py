"""The JSON objects of the Admin API, from what the demo account knows.

Field names and types follow dbt Labs' OpenAPI document and recorded answers; a field this demo has
no use for is there with the value it has for most runs. Times look like the recorded ones,
`2021-11-02 08:33:57.867705+00:00`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sigma_dbt_sync.demo import company, plot
from sigma_dbt_sync.demo.company import Environment, Job
from sigma_dbt_sync.demo.runs import Run
from sigma_dbt_sync.demo.story import Step

STATUSES = {1: "Queued", 2: "Starting", 3: "Running", 10: "Success", 20: "Error", 30: "Cancelled"}
ACTIVE, DELETED = 1, 2

_DBT_VERSION = "1.11.16"


def account() -> dict[str, Any]:
    """Describe the account."""
    return {
        "id": company.ACCOUNT_ID,
        "name": "Shop",
        "state": ACTIVE,
        "plan": "enterprise",
        "static_subdomain": None,
        "locked": False,
        "created_at": company.CREATED_AT,
        "updated_at": company.CREATED_AT,
    }


def project() -> dict[str, Any]:
    """Describe the only project."""
    return {
        "id": company.PROJECT_ID,
        "account_id": company.ACCOUNT_ID,
        "name": "shop",
        "description": "The shop's dbt project.",
        "state": ACTIVE,
        "type": 0,
        "dbt_project_subdirectory": None,
        "connection_id": company.PROJECT_ID + 11,
        "repository_id": company.PROJECT_ID + 12,
        "docs_job_id": company.DAILY.id,
        "freshness_job_id": company.DAILY.id,
        "created_at": company.CREATED_AT,
        "updated_at": company.CREATED_AT,
    }


def environment(of: Environment) -> dict[str, Any]:
    """Describe one environment."""
    return {
        "id": of.id,
        "account_id": company.ACCOUNT_ID,
        "project_id": company.PROJECT_ID,
        "name": of.name,
        "type": "deployment",
        "deployment_type": of.deployment_type,
        "dbt_version": of.dbt_version,
        "use_custom_branch": of.custom_branch is not None,
        "custom_branch": of.custom_branch,
        "connection_id": company.PROJECT_ID + 11,
        "credentials_id": of.id + 4,
        "supports_docs": True,
        "state": ACTIVE,
        "created_at": company.CREATED_AT,
        "updated_at": company.CREATED_AT,
    }


def job(of: Job) -> dict[str, Any]:
    """Describe one job."""
    is_ci = of.job_type == "ci"
    return {
        "id": of.id,
        "account_id": company.ACCOUNT_ID,
        "project_id": company.PROJECT_ID,
        "environment_id": of.environment.id,
        "name": of.name,
        "description": "",
        "job_type": of.job_type,
        "execute_steps": list(of.commands),
        "run_generate_sources": of.checks_freshness,
        "generate_docs": of.generates_docs,
        "generate_sources": of.checks_freshness,
        "dbt_version": None,
        "deferring_environment_id": company.PRODUCTION.id if is_ci else None,
        "deferring_job_definition_id": None,
        "triggers": {
            "github_webhook": is_ci,
            "git_provider_webhook": False,
            "schedule": of.cron is not None,
            "on_merge": False,
        },
        "schedule": {"cron": of.cron, "date": {"type": "custom_cron", "cron": of.cron}},
        "settings": {"threads": 4, "target_name": "default"},
        "execution": {"timeout_seconds": 0},
        "state": DELETED if of.deleted else ACTIVE,
        "is_system": False,
        "deactivated": False,
        "created_at": company.CREATED_AT,
        "updated_at": company.CREATED_AT,
    }


def run(of: Run, *, related: Iterable[str] = (), with_steps: bool = False) -> dict[str, Any]:
    """Describe one run; `related` names what is filled in instead of being null."""
    related = set(related)
    told, its_job = of.recording, company.job(of.recording.job_id)
    ended, started = of.finished_at, of.started_at
    updated_at = ended or started or of.created_at
    return {
        "id": of.id,
        "trigger_id": of.id + 1,
        "account_id": company.ACCOUNT_ID,
        "project_id": company.PROJECT_ID,
        "environment_id": its_job.environment.id,
        "job_definition_id": its_job.id,
        "job_id": its_job.id,
        "status": of.status,
        "status_humanized": STATUSES[of.status],
        "status_message": told.message if of.is_finished else None,
        "dbt_version": _DBT_VERSION,
        "git_branch": told.git_branch if started else None,
        "git_sha": told.git_sha if started else None,
        "deferring_run_id": told.deferring_run_id,
        "owner_thread_id": None,
        "executed_by_thread_id": None,
        "artifacts_saved": of.has_artifacts,
        "artifact_s3_path": None,
        "has_docs_generated": of.wrote("catalog.json"),
        "has_sources_generated": of.wrote("sources.json"),
        "notifications_sent": of.is_finished,
        "blocked_by": [],
        "created_at": _text(of.created_at),
        "updated_at": _text(updated_at),
        "dequeued_at": _text(started),
        "started_at": _text(started),
        "finished_at": _text(ended),
        "last_checked_at": None,
        "last_heartbeat_at": None,
        "should_start_at": _text(of.created_at),
        "trigger": _trigger(of) if "trigger" in related else None,
        "job": job(its_job) if "job" in related else None,
        "environment": environment(its_job.environment) if "environment" in related else None,
        "repository": None,
        "run_steps": [_step(of, step) for step in of.steps] if with_steps else [],
        "in_progress": not of.is_finished,
        "is_complete": of.is_finished,
        "is_success": of.status == plot.SUCCESS,
        "is_error": of.status == plot.ERROR,
        "is_cancelled": of.status == plot.CANCELLED,
        "is_running": of.status == plot.RUNNING,
        "duration": _lasted(of.created_at, ended),
        "queued_duration": _lasted(of.created_at, started),
        "run_duration": _lasted(started, ended),
        "duration_humanized": _lasted(of.created_at, ended),
        "href": f"/deploy/{company.ACCOUNT_ID}/projects/{company.PROJECT_ID}/runs/{of.id}/",
        "can_retry": of.status == plot.ERROR,
        "retrying_run_id": None,
        "retry_not_supported_reason": None,
        "used_repo_cache": None,
        "audit": None,
    }


def _trigger(of: Run) -> dict[str, Any]:
    told = of.recording
    return {
        "id": of.id + 1,
        "cause": plot.REASONS[told.cause],
        "cause_humanized": plot.REASONS[told.cause],
        "cause_category": told.cause,
        "job_definition_id": told.job_id,
        "git_branch": told.git_branch if told.pull_request else None,
        "git_sha": told.git_sha if told.pull_request else None,
        "github_pull_request_id": told.pull_request,
        "gitlab_merge_request_id": None,
        "azure_pull_request_id": None,
        "non_native_pull_request_id": None,
        "schema_override": told.schema_override,
        "dbt_version_override": None,
        "target_name_override": None,
        "threads_override": None,
        "timeout_seconds_override": None,
        "generate_docs_override": None,
        "steps_override": None,
        "created_at": _text(of.created_at),
    }


def _step(of: Run, step: Step) -> dict[str, Any]:
    running = not of.is_finished and step is of.steps[-1]
    status = plot.RUNNING if running else step.status
    started, ended = of.moved(step.started_at), None if running else of.moved(step.finished_at)
    command = {"dbt_command": step.command} if step.command else None
    return {
        "id": of.id * 10 + step.index,
        "run_id": of.id,
        "account_id": company.ACCOUNT_ID,
        "index": step.index,
        "name": step.name,
        "status": status,
        "status_humanized": STATUSES[status],
        "status_color": None,
        "started_at": _text(started),
        "finished_at": _text(ended),
        "created_at": _text(of.created_at),
        "updated_at": _text(ended or started or of.created_at),
        "duration": _lasted(started, ended),
        "logs": "" if running else step.logs,
        "debug_logs": None,
        "truncated_debug_logs": None,
        "run_step_command": command,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(" ", "microseconds")


def _lasted(start: datetime | None, end: datetime | None) -> str:
    between = timedelta() if start is None or end is None else end - start
    minutes, seconds = divmod(int(between.total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
