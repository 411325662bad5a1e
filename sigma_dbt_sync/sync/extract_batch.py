"""Fetches several runs at once.

Runs that could share a manifest take turns: the first of them fetches it, and only when it has it
do the others go on; when it found none, the next one tries.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from threading import Event
from typing import TypeVar

from sigma_dbt_sync.errors import SyncError
from sigma_dbt_sync.sync.extract_run import Detail, Fetched, RunFetcher, Stopped, Task
from sigma_dbt_sync.sync.extract_state import FetchedManifest

AT_ONCE = 8

T = TypeVar("T")
A = TypeVar("A")


def fetch_all(
    fetcher: RunFetcher,
    tasks: Iterable[Task],
    manifests: Callable[[], dict[str, FetchedManifest]],
    done: Callable[[Fetched], None],
    *,
    shares_manifests: bool,
) -> None:
    """Fetch runs, and hand over each as soon as its entry is in the archive.

    `manifests` tells which ones can be shared by now. Raises what stops a tick, after handing over
    all runs that were finished by then.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dbt-cloud") as pool:
        try:
            details: list[Detail] = []
            _each(pool, fetcher.stop, fetcher.detail, tasks, details.append)
            left = sorted(details, key=lambda detail: detail.run.id)
            while left:
                known = manifests() if shares_manifests else {}
                turn, left = _turn(left, known) if shares_manifests else (left, [])
                _each(pool, fetcher.stop, partial(_fetch, fetcher, known), turn, done)
        finally:  # after a failure or Ctrl-C, what has not begun never begins
            fetcher.stop.set()
            pool.shutdown(cancel_futures=True)
            fetcher.stop.clear()


def _fetch(fetcher: RunFetcher, known: dict[str, FetchedManifest], detail: Detail) -> Fetched:
    return fetcher.fetch(detail, known.get(detail.manifest_key or ""))


def _turn(
    left: list[Detail], known: dict[str, FetchedManifest]
) -> tuple[list[Detail], list[Detail]]:
    """Part the runs that can go now from those that wait for another's manifest."""
    now: list[Detail] = []
    later: list[Detail] = []
    fetching: set[str] = set()
    for detail in left:
        key = detail.manifest_key
        if key is None or key in known or key not in fetching:
            now.append(detail)
        else:
            later.append(detail)
        if key is not None and key not in known:
            fetching.add(key)
    return now, later


def _each(
    pool: ThreadPoolExecutor,
    stop: Event,
    work: Callable[[A], T],
    items: Iterable[A],
    done: Callable[[T], None],
) -> None:
    """Do `work` for all items at once; after a failure begin no more, but take what is done."""
    futures = [pool.submit(_stopping, stop, work, item) for item in items]
    failures: list[BaseException] = []
    for future in as_completed(futures):
        error = None if future.cancelled() else future.exception()
        if error is not None:
            failures.append(error)
            for other in futures:
                other.cancel()
        elif not future.cancelled():
            done(future.result())
    if failures:
        raise next((error for error in failures if not isinstance(error, Stopped)), failures[0])


def _stopping(stop: Event, work: Callable[[A], T], item: A) -> T:
    """Let a failure stop the others at once."""
    try:
        return work(item)
    except SyncError:
        stop.set()
        raise
