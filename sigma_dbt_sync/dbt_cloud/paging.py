"""Reads lists page by page, without skipping, repeating or looping.

Runs are paged by id, because new runs would move the offset; the rest, which hardly changes, by
offset. A server that ignores a parameter is found out instead of being asked forever.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, TypeVar, cast

from msgspec import Struct

from sigma_dbt_sync.artifacts.run_entry import Run
from sigma_dbt_sync.dbt_cloud.payloads import Json
from sigma_dbt_sync.dbt_cloud.refusals import SYSTEM
from sigma_dbt_sync.errors import UnexpectedAnswer

PAGE = 100

T = TypeVar("T")

Fetch = Callable[[dict[str, str | int]], dict[str, Any]]


class RunPage(Struct, frozen=True):
    """Some runs in order of their id, and how many more follow where that is known."""

    runs: tuple[Run, ...]
    remaining: int


def pages_by_id(
    fetch: Fetch, after_id: int, read: Callable[[Json], Run], action: str
) -> Iterator[RunPage]:
    """Yield the runs with a greater id than `after_id`."""
    last = after_id
    while True:
        body = fetch({"order_by": "id", "id__gt": last, "limit": PAGE})
        rows, total = rows_of(body, action)
        runs = tuple(readable(read, row, action) for row in rows)
        ids = [last, *(run.id for run in runs)]
        if any(before >= after for before, after in pairwise(ids)):
            raise UnexpectedAnswer(
                SYSTEM,
                action,
                status=200,
                fix=f"Asked for runs after {last} in order of their id, it answered others.",
            )
        left = (total - len(runs)) if total is not None else int(len(runs) == PAGE)
        if runs:
            yield RunPage(runs, max(left, 0))
        if not runs or left <= 0:
            return
        last = runs[-1].id


def rows_by_offset(fetch: Fetch, action: str) -> Iterator[Json]:
    """Yield every object of a list."""
    seen: set[Any] = set()
    offset = 0
    while True:
        body = fetch({"order_by": "id", "limit": PAGE, "offset": offset})
        rows, total = rows_of(body, action)
        new = [row for row in rows if row.get("id") not in seen]
        if rows and not new:
            raise UnexpectedAnswer(
                SYSTEM, action, status=200, fix="It answered the same page again."
            )
        yield from new
        seen.update(row.get("id") for row in new)
        offset += len(rows)
        is_last = offset >= total if total is not None else len(rows) < PAGE
        if not rows or is_last:
            return


def rows_of(body: dict[str, Any], action: str) -> tuple[list[Json], int | None]:
    """Take the objects out of the envelope, and how many there are in all."""
    data: Any = body.get("data")
    if data is None:
        data = []
    if not isinstance(data, list):
        raise UnexpectedAnswer(SYSTEM, action, status=200, fix="Its answer holds no list.")
    rows = cast("list[Any]", data)
    if not all(isinstance(row, dict) for row in rows):
        raise UnexpectedAnswer(SYSTEM, action, status=200, fix="Its list holds other things.")
    extra: Any = body.get("extra")
    pagination: Any = cast("Json", extra).get("pagination") if isinstance(extra, dict) else None
    total: Any = (
        cast("Json", pagination).get("total_count") if isinstance(pagination, dict) else None
    )
    return cast("list[Json]", rows), total if isinstance(total, int) else None


def readable(read: Callable[[Json], T], row: Json, action: str) -> T:
    """Read one object; without an id, or a run's status, there is no way to go on."""
    try:
        return read(row)
    except ValueError as wrong:
        raise UnexpectedAnswer(SYSTEM, action, status=200, fix=f"In its answer, {wrong}.") from None
