"""What one tick did, for people, for Dagster and for --json."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class ExtractReport:
    """What one tick did; `requests`, `bytes` (of artifacts, uncompressed) and so on are its own."""

    new_runs: int = 0
    updated_runs: int = 0
    open_runs: int = 0
    artifacts_found: int = 0
    artifacts_missing: int = 0
    artifacts_open: int = 0
    bytes: int = 0
    requests: int = 0
    rate_limited: int = 0
    rate_limited_until: datetime | None = None
    pruned_runs: int = 0
    warnings: list[str] = field(default_factory=list[str])

    @property
    def runs(self) -> int:
        """Runs whose entry was written."""
        return self.new_runs + self.updated_runs
