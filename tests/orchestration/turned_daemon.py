"""dagster-daemon whose schedules go by a clock that a test turns: CLOCK run -w workspace.yaml.

A schedule ticks once a minute at most, so thirty ticks would take half an hour and more of waiting.
What is shortened is that wait, and nothing else: the scheduler's thread takes the time from the
file CLOCK, and looks at it every second instead of every minute. Cron, ticks, storage, code server,
queue, sensors and monitoring are Dagster's own; a run and what it asks have the machine's clock.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from dagster._daemon.cli import cli
from dagster._scheduler import scheduler

LOOKS_EVERY_SECONDS = 1


def go_by(clock: Path) -> None:
    """Let the scheduler, and only it, take the time from a file that says it in ISO 8601."""

    def now() -> datetime:
        return datetime.fromisoformat(clock.read_text()).astimezone(UTC)

    scheduler.get_current_datetime = now
    scheduler.get_current_timestamp = lambda: now().timestamp()
    scheduler._get_next_scheduler_iteration_time = lambda start: start + LOOKS_EVERY_SECONDS


if __name__ == "__main__":
    go_by(Path(sys.argv.pop(1)))
    cli()
