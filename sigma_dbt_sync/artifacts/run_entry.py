"""What the archive knows of one run: the run as dbt Cloud told it, and where its artifacts lie.

An entry is one small JSON file. It holds only fields this package uses (an allow-list: no step
logs, no environment values), so that the same run always gives the same bytes and the entry's hash
says whether anything changed.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct, json

ArtifactKind = Literal["manifest", "run_results", "catalog", "sources"]
ArtifactState = Literal["found", "shared", "missing", "open", "oversized"]
"""found: fetched from this step. shared: same project as an earlier run, whose manifest stands in.
missing: dbt Cloud has none, finally. open: dbt Cloud may still deliver it. oversized: not kept."""


class Step(Struct, frozen=True, kw_only=True):
    """One step of a run, without its logs."""

    index: int
    name: str
    status: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Artifact(Struct, frozen=True, kw_only=True):
    """One artifact looked for in one step."""

    step_index: int
    kind: ArtifactKind
    state: ArtifactState
    sha256: str | None = None
    size: int | None = None
    from_run_id: int | None = None
    reason: str | None = None


class Run(Struct, frozen=True, kw_only=True):
    """A run as the Admin API tells it (v2 `runs/{id}/`), limited to what is used.

    Times are UTC. `status` is dbt Cloud's number: 1 queued, 2 starting, 3 running, 10 success,
    20 error, 30 cancelled.
    """

    id: int
    account_id: int
    project_id: int | None = None
    environment_id: int | None = None
    job_id: int | None = None
    status: int
    status_message: str | None = None
    dbt_version: str | None = None
    git_branch: str | None = None
    git_sha: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    href: str | None = None
    artifacts_saved: bool | None = None
    job_type: str | None = None
    job_target_name: str | None = None
    job_execute_steps: tuple[str, ...] = ()
    environment_branch: str | None = None
    environment_deployment_type: str | None = None
    trigger_cause: str | None = None
    trigger_category: str | None = None
    pull_request_id: int | None = None
    schema_override: str | None = None
    target_name_override: str | None = None
    steps_override: tuple[str, ...] = ()


class RunEntry(Struct, frozen=True, kw_only=True):
    """Everything archived about one run.

    `variant` names how the run's dbt project was parsed (target, --vars, environment overrides):
    two runs of one variant and git sha share a manifest. `is_final` is false while the run is going
    on or an artifact may still arrive. `note` says why an entry holds less than a run usually has.
    """

    run: Run
    variant: str = ""
    steps: tuple[Step, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    note: str | None = None
    is_final: bool = False

    def to_json(self) -> bytes:
        """Encode as the archive stores it; equal entries give equal bytes."""
        return json.encode(self)
