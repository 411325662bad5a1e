"""Joins what changed, as the history says now, with what is stored about how far it has come."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import structs

from sigma_dbt_sync.docs_diff.advance import Facts, advance
from sigma_dbt_sync.docs_diff.states import SENT, SETTLED
from sigma_dbt_sync.tables.delivery import DocChangeRow

_PROGRESS = DocChangeRow.__struct_fields__[DocChangeRow.__struct_fields__.index("state") :]


def carry_on(
    derived: Iterable[DocChangeRow],
    stored: Iterable[DocChangeRow],
    facts: Facts,
    *,
    known_until: datetime,
) -> list[DocChangeRow]:
    """Make the rows of one node that the warehouse should hold.

    A stored row that the history does not show any more goes, unless Sigma was told its text. One
    later than `known_until`, the newest manifest loaded, is not known yet, which a rebuild meets:
    it stays as it is.
    """
    before = {row.change_id: row for row in stored}
    by_column: defaultdict[str, list[DocChangeRow]] = defaultdict(list)
    for row in derived:
        by_column[row.column_key].append(_with_progress(row, before.pop(row.change_id, None)))
    kept = [
        *told(row for row in before.values() if row.changed_at <= known_until),
        *(row for row in before.values() if row.changed_at > known_until),
    ]
    found: list[DocChangeRow] = []
    for key in {*by_column, *(row.column_key for row in kept)}:
        of_column = [row for row in kept if row.column_key == key]
        later = sorted((row for row in of_column if row.changed_at > known_until), key=_age)
        gone = [row for row in of_column if row.changed_at <= known_until]
        found += _judged(sorted(by_column[key], key=_age), later, gone, facts)
    return found


def told(rows: Iterable[DocChangeRow]) -> list[DocChangeRow]:
    """Pick the rows whose text Sigma was sent, or is being sent."""
    return [row for row in rows if row.sent_at or row.state in SETTLED or row.state == SENT]


def _judged(
    rows: Sequence[DocChangeRow],
    later: Sequence[DocChangeRow],
    gone: Sequence[DocChangeRow],
    facts: Facts,
) -> list[DocChangeRow]:
    if not later:
        return [*advance(rows, facts, gone), *gone]
    *older, _ = advance([*rows, later[0]], facts, gone)
    return [*older, *later, *gone]


def _with_progress(row: DocChangeRow, stored: DocChangeRow | None) -> DocChangeRow:
    if stored is None:
        return row
    return structs.replace(row, **{name: getattr(stored, name) for name in _PROGRESS})


def _age(row: DocChangeRow) -> tuple[datetime, int]:
    return row.changed_at, row.run_id
