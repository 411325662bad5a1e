"""The job `dbt_history_backfill`: runs from before the first sync, fetched window by window.

Every window reaches twice as far back as the one before. So what happened recently comes first, a
failure costs one window, and dbt Cloud is asked for its list of runs about twice in all, which it
can only give from a day on and not until one. What is known is not fetched again.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
from pydantic import Field

from sigma_dbt_sync import sync
from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.orchestration import clock, reports
from sigma_dbt_sync.orchestration.failures import NEVER_RETRIED_BY_THE_DAEMON, told_to_dagster
from sigma_dbt_sync.orchestration.resources import SyncSettings

FETCHING = "dbt_cloud"
"""Pool of the steps that fetch: the archive remembers of one at a time how far it came."""

FIRST_WINDOW = timedelta(days=30)

_WAITS_FOR_DBT_CLOUD = 20


class Backfill(dg.Config):
    """How far back to go."""

    since: str = Field(description="Oldest day whose runs are wanted, such as 2026-01-31.")


def windows(since: date, today: date) -> list[date]:
    """Say from which days on to fetch, one after another; the last is `since`."""
    found: list[date] = []
    reach = FIRST_WINDOW
    while today - reach > since:
        found.append(today - reach)
        reach *= 2
    return [*found, since]


@dg.op(out=dg.DynamicOut(str), description="Cut the time since then into windows.")
def plan_windows(config: Backfill) -> Iterator[dg.DynamicOutput[str]]:
    """Cut the time into windows.

    Raises:
        Failure: `since` is no day, or lies ahead.
    """
    today = clock.now().date()
    with told_to_dagster(0):
        since = _day(config.since, today)
    for number, start in enumerate(windows(since, today)):
        key = f"{number:02}_since_{start:%Y_%m_%d}"
        yield dg.DynamicOutput(start.isoformat(), mapping_key=key)


@dg.op(pool=FETCHING, description="Fetch the runs created since a day that are not known yet.")
def fetch_window(context: dg.OpExecutionContext, sync_settings: SyncSettings, since: str) -> int:
    """Fetch one window, and say how many runs it brought; wait when dbt Cloud asks to."""
    started_at = clock.now()
    with told_to_dagster(context.retry_number):
        settings = sync_settings.load()
        with sync.open_archive(settings) as (client, archive):
            report = sync.extract(
                client, archive, settings, now=started_at, since=date.fromisoformat(since)
            )
    moments = sync.Moments(started_at, clock.now())
    context.log.info(reports.fetched(report, moments))
    context.add_output_metadata(reports.archive_metadata(report, moments))
    if report.rate_limited_until:
        wait = report.rate_limited_until - clock.now()
        raise dg.RetryRequested(
            max_retries=_WAITS_FOR_DBT_CLOUD, seconds_to_wait=max(1.0, wait.total_seconds())
        )
    return report.new_runs


@dg.op(description="Say what all windows brought.")
def sum_up(context: dg.OpExecutionContext, fetched: list[int]) -> int:
    """Say what all windows brought; the next sync loads it."""
    context.log.info(
        "Fetched %s runs in %s windows; the next dbt_metadata_sync loads them.",
        sum(fetched),
        len(fetched),
    )
    return sum(fetched)


@dg.job(
    name="dbt_history_backfill",
    description="Fetch dbt Cloud's older runs into the archive; the next sync loads them.",
    tags=NEVER_RETRIED_BY_THE_DAEMON,
    executor_def=dg.in_process_executor,
)
def dbt_history_backfill() -> None:
    """Fetch all windows, newest first."""
    sum_up(plan_windows().map(fetch_window).collect())


def _day(text: str, today: date) -> date:
    try:
        since = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"since: {text!r} is no day; write 2026-01-31.") from error
    if since > today:
        raise ConfigurationError(f"since: {text} lies ahead.")
    return since
