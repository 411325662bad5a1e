"""What waits to be sent to Sigma, as Dagster's event log tells it.

A load leaves at dbt_doc_changes how many tables are ready, a delivery leaves at sigma_table_syncs
how many remain. The newer of the two is the truth; so nobody has to open the warehouse to find out.
"""

from datetime import datetime

import dagster as dg
from msgspec import Struct

from sigma_dbt_sync.orchestration.event_log import last_report
from sigma_dbt_sync.sync.outbox import FAILED_AGAIN_AFTER

CHANGES, SYNCS = "dbt_doc_changes", "sigma_table_syncs"


class Ready(Struct, frozen=True):
    """Left by a load: tables that could be synced in Sigma, and when others will be.

    `due_at`: a change that waits to be seen in the warehouse is sent unseen from then on.
    """

    counted_at: datetime
    tables: int
    due_at: datetime | None = None


class Left(Struct, frozen=True):
    """Left by a delivery: tables still to be synced, and tables that failed for good."""

    finished_at: datetime
    run_id: str
    tables: int
    failed: int


class Outstanding(Struct, frozen=True):
    """Both, as far as they are known."""

    ready: Ready | None
    left: Left | None

    @property
    def tables(self) -> int:
        """Tables that wait to be synced."""
        if self.left and (self.ready is None or self.left.finished_at >= self.ready.counted_at):
            return self.left.tables
        return self.ready.tables if self.ready else 0

    def why(self, now: datetime) -> str | None:
        """Say why a delivery is wanted; None when nothing waits."""
        if self.tables:
            return f"{self.tables} tables wait to be synced in Sigma"
        due_at = self.ready.due_at if self.ready else None
        delivered_at = self.left.finished_at if self.left else None
        if due_at and due_at <= now and (delivered_at is None or delivered_at < due_at):
            return "changes could not be verified in time and are sent as they were built"
        if self.left and self.left.failed and now - self.left.finished_at >= FAILED_AGAIN_AFTER:
            return f"{self.left.failed} tables failed a day ago and are tried again"
        return None

    def carried(self, now: datetime) -> Ready:
        """What a load that finds nothing new repeats."""
        due_at = self.ready.due_at if self.ready else None
        return Ready(now, self.tables, due_at)


def read_outstanding(instance: dg.DagsterInstance) -> Outstanding:
    """Read the newest of both events."""
    return Outstanding(last_report(instance, CHANGES, Ready), last_report(instance, SYNCS, Left))
