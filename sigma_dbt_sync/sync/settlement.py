"""What Sigma's answer means for the attempt and for the changes it carried. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import structs

from sigma_dbt_sync.sigma import Outcome
from sigma_dbt_sync.sync.requests import Request
from sigma_dbt_sync.tables.delivery import DocChangeRow, TableSyncRow

TAKEN = frozenset({"confirmed", "accepted", "unconfirmed"})
"""Sigma has synced the table, whatever it shows now."""

NOT_IN_SIGMA = "not_in_sigma"
"""Sigma cannot see the table."""

TRIED_LATER = "retry"
"""Sigma could not be asked, or was not able to answer; the changes wait as they are."""


def settled_sync(
    row: TableSyncRow, connection_id: str, outcome: Outcome, now: datetime
) -> TableSyncRow:
    """Write the outcome into the attempt."""
    return structs.replace(
        row,
        state=outcome.state,
        finished_at=now,
        lease_until=now,
        connection_id=connection_id,
        http_status=outcome.http_status,
        request_id=outcome.request_id,
        inode_id=outcome.inode_id,
        sigma_url=outcome.sigma_url,
        expected_columns=outcome.expected_columns,
        verified_columns=outcome.verified_columns,
        error=outcome.error,
    )


def abandoned_sync(row: TableSyncRow, now: datetime) -> TableSyncRow:
    """Close an attempt whose delivery was cut off before it could settle it."""
    return structs.replace(
        row,
        state=TRIED_LATER,
        finished_at=now,
        error="The delivery was cut off before Sigma's answer was written down; the next attempt "
        "looks first whether Sigma has synced the table.",
    )


def settled_changes(
    request: Request, outcome: Outcome, present: Mapping[str, DocChangeRow], now: datetime
) -> Iterator[DocChangeRow]:
    """Move the changes of a request on; `present` are the rows as they are now, by id.

    A change that a newer text superseded while it was being sent has been sent all the same.
    """
    if outcome.state == TRIED_LATER:
        return
    differing = {name.lower() for name in outcome.differing}
    for change_id in request.change_ids:
        if change := present.get(change_id):
            yield _settled(change, _state(change, outcome, differing), request, outcome, now)
    for change_id in request.overruled:
        change = present.get(change_id)
        if change and outcome.state in TAKEN:
            yield structs.replace(
                change,
                state="superseded",
                state_detail=f"{request.relation.unique_id} builds the same table and was later.",
                settled_at=now,
            )


def _state(change: DocChangeRow, outcome: Outcome, differing: set[str]) -> str:
    if outcome.state not in TAKEN:
        return "failed"
    if outcome.state == "accepted" or not change.column_name:
        return "accepted"  # Sigma has no way to read a table's own description back
    return "unconfirmed" if change.column_name.lower() in differing else "confirmed"


def _settled(
    change: DocChangeRow, state: str, request: Request, outcome: Outcome, now: datetime
) -> DocChangeRow:
    is_told = state in ("failed", "unconfirmed") and outcome.error
    return structs.replace(
        change,
        state=state,
        state_detail=outcome.error if is_told else change.state_detail,
        sync_request_id=request.request_id,
        sent_at=now if outcome.state in TAKEN else change.sent_at,
        settled_at=now,
    )
