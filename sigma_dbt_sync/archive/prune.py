"""Forgets old runs, but nothing that the present state of an environment is made of."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sigma_dbt_sync.archive.entries import EntryRef
from sigma_dbt_sync.artifacts.run_entry import ArtifactKind, RunEntry
from sigma_dbt_sync.normalize.run_context import STATUS, feeds_state

_IN_FORCE: tuple[ArtifactKind, ...] = ("manifest", "catalog")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Dated = tuple[datetime, int]


def forgettable(entries: Iterable[tuple[EntryRef, RunEntry]], before: datetime) -> set[int]:
    """Name final runs created before then whose manifest and catalog newer runs have replaced.

    The manifest of a failed step may turn out not to count, so it replaces none.
    """
    old: set[int] = set()
    made: list[tuple[tuple[int | None, str, ArtifactKind], Dated]] = []
    replaced: dict[tuple[int | None, str, ArtifactKind], Dated] = {}
    for ref, entry in entries:
        run = entry.run
        if entry.is_final and (run.created_at or _LONG_AGO) < before:
            old.add(ref.run_id)
        failed = {step.index for step in entry.steps if STATUS.get(step.status or 0) == "error"}
        age = (run.started_at or run.created_at or _LONG_AGO, run.id)
        for artifact in entry.artifacts if feeds_state(run) else ():
            if artifact.kind in _IN_FORCE and artifact.sha256:
                key = (run.environment_id, entry.variant, artifact.kind)
                made.append((key, age))
                if artifact.step_index not in failed:
                    replaced[key] = max(replaced.get(key, age), age)
    return old - {age[1] for key, age in made if key not in replaced or age >= replaced[key]}


def blobs_of(entries: Iterable[RunEntry]) -> set[str]:
    """Name every artifact that some entries refer to."""
    return {artifact.sha256 for entry in entries for artifact in entry.artifacts if artifact.sha256}
