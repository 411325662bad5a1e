"""How far a changed description can come, and from where to where: the states as data.

not_persisted          dbt does not write it
baseline               it was there before this deployment began to tell Sigma
waiting_for_build ──> built ──> verified | mismatch      (loads, judged anew by each)
built | verified  ──> sent ──> confirmed | accepted | unconfirmed | failed     (deliveries)
superseded             a newer text, or what Sigma was sent last says the same
"""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from sigma_dbt_sync.tables.delivery import DocChangeRow

BASELINE = "baseline"
NOT_PERSISTED = "not_persisted"
WAITING = "waiting_for_build"
BUILT = "built"
VERIFIED = "verified"
MISMATCH = "mismatch"
SENT = "sent"
CONFIRMED = "confirmed"
ACCEPTED = "accepted"
UNCONFIRMED = "unconfirmed"
FAILED = "failed"
SUPERSEDED = "superseded"

OPEN = frozenset({WAITING, BUILT, VERIFIED, MISMATCH})
"""States that each load judges anew."""

SENDABLE = frozenset({BUILT, VERIFIED})
SETTLED = frozenset({CONFIRMED, ACCEPTED, UNCONFIRMED})
"""Sigma has synced the table: the end."""

DELIVERED = SETTLED | {SENT, FAILED}
"""States that only a delivery gives."""

_JUDGED = OPEN | {BASELINE, SUPERSEDED}
BY_LOAD: Mapping[str, frozenset[str]] = {
    BASELINE: _JUDGED | {NOT_PERSISTED},
    NOT_PERSISTED: frozenset({NOT_PERSISTED, BASELINE, SUPERSEDED}),
    WAITING: _JUDGED,
    BUILT: _JUDGED,
    VERIFIED: _JUDGED,
    MISMATCH: _JUDGED,
    SENT: frozenset({SENT, SUPERSEDED}),
    FAILED: frozenset({FAILED, SUPERSEDED}),
    SUPERSEDED: _JUDGED | {NOT_PERSISTED},
    CONFIRMED: frozenset({CONFIRMED}),
    ACCEPTED: frozenset({ACCEPTED}),
    UNCONFIRMED: frozenset({UNCONFIRMED}),
}
"""What a load may make of each state. A superseded text comes back when what superseded it turns
out not to be in the history, or when another text was sent while it was being judged; a text of the
baseline, when somebody moves the baseline."""

BY_DELIVERY: Mapping[str, frozenset[str]] = {
    BUILT: DELIVERED | {SUPERSEDED},
    VERIFIED: DELIVERED | {SUPERSEDED},
    WAITING: DELIVERED | {SUPERSEDED},
    MISMATCH: DELIVERED | {SUPERSEDED},
    SENT: DELIVERED,
    FAILED: DELIVERED | {SUPERSEDED},
    SUPERSEDED: DELIVERED | {SUPERSEDED},
}
"""What a delivery may make of each: it begins with sendable ones, and a load may have judged them
anew by the time Sigma answers."""

ALL = frozenset(BY_LOAD)


def moved(row: DocChangeRow, state: str, **fields: Any) -> DocChangeRow:
    """Give the row a state, as a load may.

    Raises:
        ValueError: no load may make that of it.
    """
    if state not in BY_LOAD[row.state]:
        raise ValueError(f"a load cannot make {state} of {row.state}: change {row.change_id}")
    return structs.replace(row, state=state, **fields)
