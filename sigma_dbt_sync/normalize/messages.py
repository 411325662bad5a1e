"""dbt's messages: cleaned for storage, and worded for people who may not see data values."""

import re

from sigma_dbt_sync.tables.results import SourceFreshnessRow

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CONTRACTION = r"(?<=\w)'(?=(?:t|s|re|ve|ll|d|m)\b)"
_QUOTED = re.compile(rf"(?!{_CONTRACTION})'(?:[^']|{_CONTRACTION})*(?:'|$)")
"""From a quote to the next or, in a text that was cut off, to the end; "couldn't" opens none."""
_KEY = re.compile(r"\)=\(.*?(?:\)|$)")
"""Values of a key that a warehouse found twice: Key (email)=(ann@shop.example) already exists."""
_LOGIN = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_SPACE = re.compile(r"\s+")
_LENGTH = 300


def clean(message: str | None) -> str | None:
    """Drop terminal colours; empty becomes None."""
    return (_ANSI.sub("", message).strip() or None) if message else None


def for_people(message: str | None) -> str | None:
    """Shorten to one line and hide quoted values, which may be data; identifiers stay."""
    if not message:
        return None
    line = _QUOTED.sub("'…'", _SPACE.sub(" ", _ANSI.sub("", message))).strip()
    line = _LOGIN.sub("…", _KEY.sub(")=(…)", line))
    return line if len(line) <= _LENGTH else f"{line[: _LENGTH - 1]}…"


def of_freshness(check: SourceFreshnessRow) -> str | None:
    """Say how old a stale source's newest row was; dbt says nothing unless it could not look."""
    if check.message or check.status_group == "ok" or check.age_seconds is None:
        return for_people(check.message)
    is_bad = check.status_group == "bad"
    allowed = check.error_after_seconds if is_bad else check.warn_after_seconds
    told = f"its newest row was {_span(check.age_seconds)} old"
    return f"{told}, {_span(allowed)} are allowed" if allowed else told


def _span(seconds: float) -> str:
    for name, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} seconds"
