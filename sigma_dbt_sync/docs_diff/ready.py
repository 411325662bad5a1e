"""Which changes may be sent to Sigma now."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from msgspec import structs

from sigma_dbt_sync.docs_diff.states import BUILT, SENDABLE, VERIFIED
from sigma_dbt_sync.tables.delivery import DocChangeRow

PATIENCE = timedelta(hours=24)
"""How long a built text waits to be seen in the warehouse before it is sent unseen."""

UNSEEN = "Sent unverified: nothing has shown the warehouse's comments for 24 hours."


def ready(
    rows: Iterable[DocChangeRow], *, when: Literal["built", "verified"], now: datetime
) -> Iterator[DocChangeRow]:
    """Yield the changes that may be sent; one sent unverified says so in its `state_detail`.

    A mismatch is never sent: Sigma would show the wrong text.
    """
    for row in rows:
        if row.state not in SENDABLE:
            continue
        if when == "built" or row.state == VERIFIED:
            yield row
        elif row.state == BUILT and row.first_built_at and row.first_built_at + PATIENCE <= now:
            yield structs.replace(row, state_detail=UNSEEN)


def due_at(
    rows: Iterable[DocChangeRow], *, when: Literal["built", "verified"], now: datetime
) -> datetime | None:
    """Tell when the next change that nothing has verified may be sent all the same."""
    if when == "built":
        return None
    built = (row.first_built_at for row in rows if row.state == BUILT)
    ends = (at + PATIENCE for at in built if at)
    return min((end for end in ends if end > now), default=None)
