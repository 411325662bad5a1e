"""Moves the changes of one node as far as the facts allow.

A load calls it with everything that is known; the answer depends on that alone, never on the state
a row had before, except for what deliveries wrote. So batches and their order leave no trace.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct, structs

from sigma_dbt_sync.docs_diff.comments import INFORMATION_SCHEMA, Evidence, Finding, look
from sigma_dbt_sync.docs_diff.persisted import Docs
from sigma_dbt_sync.docs_diff.states import (
    BASELINE,
    BUILT,
    DELIVERED,
    MISMATCH,
    NOT_PERSISTED,
    SENT,
    SETTLED,
    SUPERSEDED,
    VERIFIED,
    WAITING,
    moved,
)
from sigma_dbt_sync.tables.delivery import DocChangeRow

HELD = "Newer runs are still to be loaded."
"""Why a text waits though it is built: what comes may say otherwise."""

_NOTHING_KNOWN: dict[str, object] = {
    "state_detail": None,
    "built_at": None,
    "built_run_id": None,
    "first_built_at": None,
    "verified_at": None,
    "verified_by": None,
    "warehouse_comment": None,
}


class Build(Struct, frozen=True, kw_only=True):
    """A good build of a node."""

    completed_at: datetime
    run_id: int
    run_started_at: datetime
    variant: str

    def carries(self, row: DocChangeRow) -> bool:
        """Whether it was built from code that has the text."""
        return self.run_started_at >= row.changed_at and self.variant == row.variant


class Facts(Struct, frozen=True, kw_only=True):
    """Where a node stands."""

    baseline_at: datetime
    docs: Docs | None
    """What the project says now; None when the node was removed."""
    last_build: Build | None = None
    """The newest by completion: what the warehouse shows."""
    builds: Sequence[Build] = ()
    """Others that are known, in any order."""
    evidence: Evidence | None = None
    is_complete: bool = True
    """False while older runs are loaded and newer ones are still to come: nothing is sent then."""


def advance(
    rows: Sequence[DocChangeRow], facts: Facts, told: Iterable[DocChangeRow] = ()
) -> list[DocChangeRow]:
    """Judge the changes of one description, given oldest first.

    `told` are rows that are history no more, but were sent: Sigma shows what it was told.
    """
    if not rows:
        return []
    *older, live = rows
    after = [_outdated(row, newer, facts) for row, newer in zip(older, rows[1:], strict=True)]
    return [*after, _live(live, rows, facts, told)]


def last_told(rows: Iterable[DocChangeRow]) -> DocChangeRow | None:
    """Find what Sigma was sent last; a text on its way counts."""
    sent = [row for row in rows if row.sent_at or row.state == SENT]
    return max(
        sent,
        key=lambda row: (row.sent_at is None, row.sent_at or row.changed_at, row.changed_at),
        default=None,
    )


def _outdated(row: DocChangeRow, newer: DocChangeRow, facts: Facts) -> DocChangeRow:
    if row.state in SETTLED:
        return row
    if row.changed_at <= facts.baseline_at and row.state not in DELIVERED:
        return moved(row, BASELINE, **_NOTHING_KNOWN)
    return _needless(row, f"A newer text came with run {newer.run_id}.")


def _live(
    row: DocChangeRow, rows: Sequence[DocChangeRow], facts: Facts, told: Iterable[DocChangeRow]
) -> DocChangeRow:
    if row.state in SETTLED:
        return row
    if row.changed_at <= facts.baseline_at and row.state not in DELIVERED:
        return moved(row, BASELINE, **_NOTHING_KNOWN)
    if facts.docs is None:
        return _needless(row, "The node was removed from the project.")
    if row.is_persisted != facts.docs.persists(row.column_key):
        return _needless(row, "dbt does not write it into the warehouse any more.")
    if row.state in DELIVERED:
        return row
    return _undelivered(row, rows, facts, told)


def _undelivered(
    row: DocChangeRow, rows: Sequence[DocChangeRow], facts: Facts, told: Iterable[DocChangeRow]
) -> DocChangeRow:
    if not row.is_persisted:
        return moved(row, NOT_PERSISTED, **_NOTHING_KNOWN)
    if _is_told(row, rows, facts, last_told([*rows, *told])):
        return _needless(row, "Sigma was last sent this text.")
    return _built(row, facts)


def _needless(row: DocChangeRow, detail: str) -> DocChangeRow:
    """Supersede a row; what a delivery wrote stays."""
    known = {} if row.sync_request_id else _NOTHING_KNOWN
    return moved(row, SUPERSEDED, **known | {"state_detail": detail})


def _is_told(
    row: DocChangeRow, rows: Sequence[DocChangeRow], facts: Facts, sent: DocChangeRow | None
) -> bool:
    """Whether Sigma shows this text of this relation already, or showed it at the baseline."""
    if sent is not None:
        known = (sent.relation_name, sent.description, sent.is_persisted)
        return known == (row.relation_name, row.description, row.is_persisted)
    news = [one for one in rows if one.changed_at > facts.baseline_at]
    return (
        news[0].was_persisted
        and (news[0].before_description or "") == row.description
        and all(one.relation_name == row.relation_name for one in news)
    )


def _built(row: DocChangeRow, facts: Facts) -> DocChangeRow:
    build = facts.last_build
    if build is None or not build.carries(row):
        return moved(row, WAITING, **_NOTHING_KNOWN | {"state_detail": _why_waiting(row, build)})
    if row.state == SUPERSEDED and row.settled_at and row.built_at == build.completed_at:
        return row  # another node built the same relation later, and its texts were sent
    known = [build, *(one for one in facts.builds if one.carries(row))]
    ends = [one.completed_at for one in known]
    built: dict[str, object] = {
        "built_at": build.completed_at,
        "built_run_id": build.run_id,
        "first_built_at": min([*ends, *([row.first_built_at] if row.first_built_at else [])]),
    }
    if not facts.is_complete:
        return moved(row, WAITING, **_NOTHING_KNOWN | built | {"state_detail": HELD})
    return _seen(row, facts.evidence, build, built)


def _seen(
    row: DocChangeRow, evidence: Evidence | None, build: Build, built: dict[str, object]
) -> DocChangeRow:
    if _is_remembered(row, evidence, build):
        return structs.replace(row, **built)
    found = look(row, evidence) if evidence and evidence.seen_at > row.changed_at else None
    if evidence and found and (found.is_shown or evidence.seen_at > build.completed_at):
        return _found(moved(row, BUILT, **_NOTHING_KNOWN | built), evidence, found)
    return moved(row, BUILT, **_NOTHING_KNOWN | built)


def look_now(row: DocChangeRow, evidence: Evidence) -> DocChangeRow:
    """Judge a built change by what the warehouse shows at this moment."""
    found = look(row, evidence)
    return _found(row, evidence, found) if found else row


def _found(row: DocChangeRow, evidence: Evidence, found: Finding) -> DocChangeRow:
    return moved(
        row,
        VERIFIED if found.is_shown else MISMATCH,
        state_detail=found.reason,
        verified_at=evidence.seen_at,
        verified_by=evidence.by,
        warehouse_comment=found.comment,
    )


def _is_remembered(row: DocChangeRow, evidence: Evidence | None, build: Build) -> bool:
    """Whether the warehouse itself was asked, and nothing newer is known."""
    if row.verified_by != INFORMATION_SCHEMA or row.verified_at is None:
        return False
    if evidence and evidence.seen_at > row.verified_at:
        return False
    return row.state == VERIFIED or (row.state == MISMATCH and row.verified_at > build.completed_at)


def _why_waiting(row: DocChangeRow, build: Build | None) -> str:
    if build is None:
        return "dbt has never built it."
    if build.run_started_at < row.changed_at:
        return f"Run {build.run_id} built it last, from code without this text."
    return f"Run {build.run_id} built it last, as another variant of the project."
