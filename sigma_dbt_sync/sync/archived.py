"""What planning a batch reads from the archive."""

from collections.abc import Collection
from dataclasses import dataclass

from sigma_dbt_sync.normalize.run_facts import ReadBytes, ReadManifest


@dataclass(frozen=True, slots=True)
class Archived:
    """Artifacts by sha256, and the runs whose artifacts are all there."""

    blob: ReadBytes
    manifest: ReadManifest
    run_ids: Collection[int]
    """Of a run that is not among them, because it was pruned, nothing can be read again."""
