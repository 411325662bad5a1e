"""Filters, order and pages of the list endpoints.

A list or a range is ONE parameter holding a JSON list, as three independent clients send it:
`status__in=[10,20]`, `finished_at__range=["a","b"]`. Times without an offset are UTC. Assumed, not
known: unreadable values and a `limit` over 100 answer 400, filters nobody knows are ignored.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.runs import Run

MOST_ROWS = 100

Row = dict[str, Any]

_KNOWN_FILTERS = {
    "id__gt",
    "pk",
    "pk__in",
    "status",
    "status__in",
    "project_id",
    "project_id__in",
    "environment_id",
    "job_definition_id",
    "created_at__range",
    "finished_at__range",
}
_NUMBERS: dict[str, Callable[[Run], int]] = {
    "id": lambda run: run.id,
    "pk": lambda run: run.id,
    "status": lambda run: run.status,
    "project_id": lambda _: company.PROJECT_ID,
    "environment_id": lambda run: company.job(run.recording.job_id).environment.id,
    "job_definition_id": lambda run: run.recording.job_id,
}
_TIMES: dict[str, Callable[[Run], datetime | None]] = {
    "created_at": lambda run: run.created_at,
    "finished_at": lambda run: run.finished_at,
}


class BadQuery(Exception):
    """A parameter that cannot be read; the API answers 400."""


def chosen_runs(runs: Sequence[Run], query: Mapping[str, str]) -> list[Run]:
    """Filter and order runs as the query says."""
    wanted = [test for name, value in query.items() if (test := _run_filter(name, value))]
    order = query.get("order_by") or "id"
    by = order.removeprefix("-")
    if by not in {"id", "created_at", "finished_at"}:
        raise BadQuery(f"order_by: {order}")
    never = datetime.max.replace(tzinfo=UTC)
    keys: dict[str, Callable[[Run], Any]] = {
        "id": lambda run: run.id,
        "created_at": lambda run: (run.created_at, run.id),
        "finished_at": lambda run: (run.finished_at or never, run.id),
    }
    found = [run for run in runs if all(test(run) for test in wanted)]
    return sorted(found, key=keys[by], reverse=order.startswith("-"))


def page(rows: Sequence[Any], query: Mapping[str, str]) -> tuple[Sequence[Any], Row]:
    """Cut one page out of `rows`, and say where it lies."""
    limit, offset = _number("limit", query, MOST_ROWS), _number("offset", query, 0)
    if not 1 <= limit <= MOST_ROWS:
        raise BadQuery(f"limit: {limit} is not between 1 and {MOST_ROWS}")
    cut = rows[offset : offset + limit]
    filters = {name: value for name, value in query.items() if name != "order_by"}
    extra = {
        "filters": filters | {"limit": limit, "offset": offset},
        "order_by": query.get("order_by") or "id",
        "pagination": {"count": len(cut), "total_count": len(rows)},
    }
    return cut, extra


def included(query: Mapping[str, str]) -> set[str]:
    """Read `include_related`: names with commas, or the list that dbt's own client writes."""
    return {name.strip(" []'\"") for name in query.get("include_related", "").split(",")}


def _run_filter(name: str, value: str) -> Callable[[Run], bool] | None:
    if name not in _KNOWN_FILTERS:
        return None
    field, _, how = name.partition("__")
    if how == "range":
        first, last = _times(name, value)
        time_of = _TIMES[field]
        return lambda run: (at := time_of(run)) is not None and first <= at <= last
    number_of = _NUMBERS[field]
    if how == "in":
        numbers = _numbers(name, value)
        return lambda run: number_of(run) in numbers
    number = _int(name, value)
    if how == "gt":
        return lambda run: number_of(run) > number
    return lambda run: number_of(run) == number


def _times(name: str, text: str) -> tuple[datetime, datetime]:
    try:
        first, last = (datetime.fromisoformat(end) for end in json.loads(text))
    except (TypeError, ValueError) as error:
        raise BadQuery(f"{name}: {text} is not a JSON list of two times") from error
    return _utc(first), _utc(last)


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _numbers(name: str, text: str) -> list[int]:
    try:
        return [int(number) for number in json.loads(text)]
    except (TypeError, ValueError) as error:
        raise BadQuery(f"{name}: {text} is not a JSON list of numbers") from error


def _number(name: str, query: Mapping[str, str], default: int) -> int:
    return _int(name, query[name]) if name in query else default


def _int(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadQuery(f"{name}: {text!r} is not a number")
    return int(text)
