"""dbt's messages: cleaned for storage, and worded for people who may not see data values."""

import re

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CONTRACTION = r"(?<=\w)'(?=(?:t|s|re|ve|ll|d|m)\b)"
_QUOTED = re.compile(rf"(?!{_CONTRACTION})'(?:[^']|{_CONTRACTION})*(?:'|$)")
"""From a quote to the next or, in a text that was cut off, to the end; "couldn't" opens none."""
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
    return line if len(line) <= _LENGTH else f"{line[: _LENGTH - 1]}…"
