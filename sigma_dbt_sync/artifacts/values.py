"""Reads the values that dbt versions write differently: times, JSON blocks, statuses, periods."""

from datetime import UTC, datetime
from typing import cast

from msgspec import DecodeError, Raw, json

_OK = frozenset({"success", "pass", "no-op", "noop", "reused"})
_WARN = frozenset({"warn", "partial success"})
_BAD = frozenset({"error", "fail", "runtime error"})
_PERIOD_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_FIRST_REAL_YEAR = 1900
_EMPTY = {b"", b"null"}
_MOST = 2**63


def instant(text: str | None) -> datetime | None:
    """Read one of dbt's timestamps as UTC.

    dbt writes `Z`, `+00:00`, `UTC` (Snowflake's catalog) or nothing (then UTC is meant), with 6
    digits (Core) or 9 (Fusion, cut to microseconds). Year 1 stands for "never" in sources.json and
    is None here, as is anything that is no timestamp.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix("UTC").rstrip())
        if moment.year < _FIRST_REAL_YEAR:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def status_group(status: str) -> str:
    """Sort a lower-case dbt status into ok, warn, bad, skipped or other."""
    if status in _OK:
        return "ok"
    if status in _BAD:
        return "bad"
    if status in _WARN:
        return "warn"
    return "skipped" if status == "skipped" else "other"


def canonical(block: Raw | None) -> str | None:
    """Write a JSON block so that equal content gives equal text; None for null and absence.

    Blocks are skipped, not read, when their file is decoded; one that is no JSON is None too.
    """
    if block is None:
        return None
    data = bytes(block)
    if data in _EMPTY:
        return None
    if data in (b"{}", b"[]"):
        return data.decode()
    content = plain(block)
    return None if content is None else json.encode(content, order="sorted").decode()


def plain(block: Raw | str | bytes) -> object:
    """Decode a JSON block into plain values; None when it is no JSON."""
    try:
        return json.decode(block)
    except (DecodeError, UnicodeDecodeError):
        return None


def json_object(block: object) -> dict[str, object]:
    """Read a JSON object, given as bytes, text or decoded; anything else counts as an empty one."""
    decoded = plain(block) if isinstance(block, Raw | str | bytes) else block
    return cast("dict[str, object]", decoded) if isinstance(decoded, dict) else {}


def whole_number(value: object) -> int | None:
    """Read a count, which some adapters write as text or a fraction; None when it counts nothing.

    Adapters that cannot say answer -1 or a word; numbers beyond 64 bits fit no table.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < _MOST else None


def seconds(count: int | None, period: str | None) -> int | None:
    """Turn dbt's freshness threshold (count and period) into seconds, as far as 64 bits go."""
    if count is None or period not in _PERIOD_SECONDS:
        return None
    return whole_number(count * _PERIOD_SECONDS[period])
