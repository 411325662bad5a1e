"""Forgets old runs, but nothing that the present state of an environment is made of."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sigma_dbt_sync.archive.entries import EntryRef
from sigma_dbt_sync.artifacts.run_entry import ArtifactKind, RunEntry

_IN_FORCE: tuple[ArtifactKind, ...] = ("manifest", "catalog")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Dated = tuple[datetime, int]


def forgettable(entries: Iterable[tuple[EntryRef, RunEntry]], before: datetime) -> set[int]:
    """Name final runs created before then whose manifest and catalog newer runs have replaced."""
    old: set[int] = set()
    newest: dict[tuple[int | None, str, ArtifactKind], tuple[Dated, int]] = {}
    for ref, entry in entries:
        run = entry.run
        if entry.is_final and (run.created_at or _LONG_AGO) < before:
            old.add(ref.run_id)
        age = (run.started_at or run.created_at or _LONG_AGO, run.id)
        for artifact in entry.artifacts:
            if artifact.kind in _IN_FORCE and artifact.sha256:
                key = (run.environment_id, entry.variant, artifact.kind)
                newest[key] = max(newest.get(key, (age, ref.run_id)), (age, ref.run_id))
    return old - {run_id for _, run_id in newest.values()}


def blobs_of(entries: Iterable[RunEntry]) -> set[str]:
    """Name every artifact that some entries refer to."""
    return {artifact.sha256 for entry in entries for artifact in entry.artifacts if artifact.sha256}
