"""What is worth asking for of a finished run, decided from its steps. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from sigma_dbt_sync.artifacts.dbt_command import DbtCommand, parse_step
from sigma_dbt_sync.artifacts.run_entry import ArtifactKind, Run, Step

CANCELLED = 30
_SUCCESS, _ERROR = 10, 20
_DEFAULT_TARGET = "default"
_ONE_A_STEP: tuple[ArtifactKind, ...] = ("run_results", "catalog", "sources")


class Want(Struct, frozen=True):
    """An artifact to ask for; not expected when nobody knows what the step's command writes."""

    step_index: int
    kind: ArtifactKind
    is_expected: bool = True


def is_unfinished(run: Run) -> bool:
    """Whether a run is queued or going on; a status nobody knows counts as that until it ends."""
    return run.status not in (_SUCCESS, _ERROR, CANCELLED) and run.finished_at is None


def wanted(steps: Iterable[Step]) -> list[Want]:
    """Name the artifacts to ask of each step, manifests apart.

    A step may also serve what an earlier one left behind; so each is asked only for what its own
    command writes.
    """
    return [
        Want(step.index, kind, is_expected=command.command is not None)
        for step, command in _ran(steps)
        for kind in _ONE_A_STEP
        if kind in command.writes
    ]


def manifest_steps(steps: Iterable[Step]) -> list[Want]:
    """Name the steps that may have the run's manifest, best first.

    That is the last step that executed something; else the last that has one.
    """
    ran = [(step, command) for step, command in _ran(steps) if "manifest" in command.writes]
    executing = [pair for pair in ran if pair[1].is_executing]
    first = executing[-1:]
    rest = [pair for pair in reversed(ran) if pair not in first]
    return [
        Want(step.index, "manifest", is_expected=command.command is not None)
        for step, command in (*first, *rest)
    ]


def variant(run: Run, steps: Sequence[Step], env_overrides_hash: str | None) -> str:
    """Name how the project was parsed, beyond its code: target, --vars, environment overrides.

    Empty for what most jobs do. Of a run without steps yet it is what the job is set up to do.
    """
    lines = [step.name for step in steps] or [*(run.steps_override or run.job_execute_steps)]
    commands = [command for line in lines if (command := parse_step(line)).is_dbt]
    executing = [command for command in commands if command.is_executing]
    decisive = (executing or commands or [DbtCommand()])[-1]
    target = (
        decisive.option("--target", "-t") or run.target_name_override or run.job_target_name or ""
    )
    hashed = (decisive.option("--vars") or "").removeprefix("sha256:")
    parts = [
        f"target={target}" if target and target != _DEFAULT_TARGET else "",
        f"vars={hashed}" if hashed else "",
        f"env={env_overrides_hash}" if env_overrides_hash else "",
    ]
    return " ".join(part for part in parts if part)


def manifest_key(run: Run, run_variant: str) -> str | None:
    """Name what two runs must have in common to share a manifest; None when it cannot be told.

    The day is part of it because dbt Cloud's release tracks and packages change without a commit.
    """
    if not run.git_sha or not run.environment_id or not run.created_at:
        return None
    parts = (
        run.created_at.date().isoformat(),
        str(run.environment_id),
        run_variant,
        run.git_sha,
        run.git_branch or "",
        run.dbt_version or "",
        run.schema_override or "",
    )
    return "|".join(parts)


def _ran(steps: Iterable[Step]) -> list[tuple[Step, DbtCommand]]:
    """Pair the steps that got as far as starting with their commands."""
    return [
        (step, parse_step(step.name))
        for step in steps
        if step.started_at is not None or step.status in (_SUCCESS, _ERROR)
    ]
