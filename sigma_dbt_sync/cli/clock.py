"""The command line's clock; everything below takes the time as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - a command runs now; this is the edge that says when
