"""When a table counts as late: measured by how often the schedule is to run."""

import itertools
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._utils.schedules import cron_string_iterator

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_TICKS = 50
_SLACK = timedelta(hours=1)


def late_after(cron: str, timezone: str) -> dg.FreshnessPolicy:
    """Warn when two ticks in a row brought nothing, fail after four; a sync may take an hour.

    A sync that finds nothing new counts: the tables are as new as dbt Cloud is.
    """
    ticks = itertools.islice(cron_string_iterator(_ANY_DAY.timestamp(), cron, timezone), _TICKS)
    longest = max(later - earlier for earlier, later in itertools.pairwise(ticks))
    return dg.FreshnessPolicy.time_window(
        warn_window=2 * longest + _SLACK, fail_window=4 * longest + 2 * _SLACK
    )
