"""What a sync did, for people, for Dagster and for --json."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sigma_dbt_sync.warehouse.base import Counts


class Progress(Protocol):
    """Told how far a long step has come."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report `done` of `total` for a stage such as "fetching runs"; total 0: unknown."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(slots=True)
class LoadReport:
    """What loading did to the warehouse."""

    target: str
    connected: bool = False
    migrated: list[str] = field(default_factory=list[str])
    runs_loaded: int = 0
    tables: dict[str, Counts] = field(default_factory=dict[str, Counts])
    artifacts_unreadable: int = 0
    warnings: list[str] = field(default_factory=list[str])
    statements: int | None = None
    """Statements the warehouse was asked to run; None where nobody pays for them."""

    def add(self, counts: dict[str, Counts]) -> None:
        """Add what one batch wrote."""
        for table, written in counts.items():
            self.tables[table] = self.tables.get(table, Counts()) + written

    @property
    def total(self) -> Counts:
        """Rows written in all tables."""
        return sum(self.tables.values(), Counts())


@dataclass(frozen=True, slots=True)
class Moments:
    """When a sync, or a part of it, began and ended."""

    started_at: datetime
    finished_at: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds()
