"""Moves the time stamps inside an artifact.

A recorded week would grow old; moved, it always ended minutes ago. Only whole seconds are added,
so every stamp keeps its own format: `Z` or `+00:00`, `T` or a blank, as many digits as dbt wrote.
Stamps far from the recording are data of the shop, not of the run, and stay.
"""

import re
from datetime import UTC, datetime, timedelta

NEAR = timedelta(days=60)

_STAMP = re.compile(rb"\b(20\d\d-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)")
_EPOCH = re.compile(rb'("created_at": )(\d{10})(?=[.,}])')  # seconds since 1970 in manifest nodes


def shifted(content: bytes, by: timedelta, *, recorded_at: datetime) -> bytes:
    """Move every stamp within sixty days of `recorded_at`."""

    def stamp(found: re.Match[bytes]) -> bytes:
        day, between, clock = found.groups()
        try:
            at = datetime.fromisoformat(f"{day.decode()}T{clock.decode()}+00:00")
        except ValueError:  # looks like a time and is none
            return found[0]
        if abs(at - recorded_at) > NEAR:
            return found[0]
        moved = at + by
        return moved.strftime(f"%Y-%m-%d{between.decode()}%H:%M:%S").encode()

    def epoch(found: re.Match[bytes]) -> bytes:
        at = datetime.fromtimestamp(int(found[2]), UTC)
        if abs(at - recorded_at) > NEAR:
            return found[0]
        return found[1] + str(int((at + by).timestamp())).encode()

    return _EPOCH.sub(epoch, _STAMP.sub(stamp, content))
