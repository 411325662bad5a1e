"""Which run a row belongs to, and whether that run says anything about its environment."""

from datetime import UTC, datetime

from msgspec import Struct

from sigma_dbt_sync.artifacts.run_entry import Run, RunEntry

STATUS = {1: "queued", 2: "starting", 3: "running", 10: "success", 20: "error", 30: "cancelled"}
"""dbt Cloud's run and step statuses (Admin API v2)."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class RunContext(Struct, frozen=True, kw_only=True):
    """What every row of a run needs to know about it."""

    account_id: int
    run_id: int
    project_id: int | None
    environment_id: int
    job_id: int | None
    started_at: datetime
    finished_at: datetime
    variant: str
    feeds_state: bool
    is_cancelled: bool

    def counts(self, group: str) -> bool:
        """Whether a result of this status group says something about the node.

        What a cancelled run did not finish was not a failure of the node (and Fusion reports every
        node as an error then), so only its successes count.
        """
        return self.feeds_state and (not self.is_cancelled or group in ("ok", "warn"))


def run_context(entry: RunEntry) -> RunContext:
    """Reduce an archive entry to its context; environment 0 stands for none."""
    run = entry.run
    started = run.started_at or run.created_at or NEVER
    return RunContext(
        account_id=run.account_id,
        run_id=run.id,
        project_id=run.project_id,
        environment_id=run.environment_id or 0,
        job_id=run.job_id,
        started_at=started,
        finished_at=run.finished_at or started,
        variant=entry.variant,
        feeds_state=feeds_state(run),
        is_cancelled=STATUS.get(run.status) == "cancelled",
    )


def feeds_state(run: Run) -> bool:
    """Whether the run built the environment's own relations from the environment's own code.

    CI runs build into a schema of their own, and whoever overrides schema, target or branch builds
    something else too: their results must not repaint production.
    """
    is_ci = run.job_type == "ci" or run.trigger_category == "ci" or run.pull_request_id is not None
    is_elsewhere = bool(run.schema_override or run.target_name_override)
    is_foreign_branch = bool(
        run.environment_branch and run.git_branch and run.git_branch != run.environment_branch
    )
    return not (is_ci or is_elsewhere or is_foreign_branch)
