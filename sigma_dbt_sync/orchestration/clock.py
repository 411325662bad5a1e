"""The only place of the orchestration that reads the clock; what it calls is told the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - steps run now; this is the edge that says when
