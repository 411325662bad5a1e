"""Brings the archive up to date with dbt Cloud. Needs nothing else: no warehouse.

Runs are discovered by id, not by when they finished: a run created and cancelled between two ticks
has no finish time and would never be listed by it. Each tick lists from the lowest run that was
still open, else from the watermark, below which every wanted run has an entry. A tick may end at
any moment; what has an entry is not fetched again.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.artifacts.run_entry import Run, RunEntry
from sigma_dbt_sync.dbt_cloud import DbtCloudClient
from sigma_dbt_sync.errors import RateLimited, ServiceError
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync.extract_batch import fetch_all
from sigma_dbt_sync.sync.extract_objects import list_objects, unknown_ids
from sigma_dbt_sync.sync.extract_report import ExtractReport
from sigma_dbt_sync.sync.extract_run import Fetched, RunFetcher, Task
from sigma_dbt_sync.sync.extract_state import read_state, write_state
from sigma_dbt_sync.sync.extract_wanted import is_unfinished
from sigma_dbt_sync.sync.reports import Progress, silent

OBJECTS_EVERY = timedelta(days=1)
SETTLED_AFTER = timedelta(minutes=5)
"""Ids this young may still be followed by a lower one; the watermark stays below them."""

_DRAFTS_LIVE = timedelta(days=1)
_PRUNE_EVERY = timedelta(days=1)


def extract(
    client: DbtCloudClient,
    archive: Archive,
    settings: Settings,
    *,
    now: datetime,
    since: date | None = None,
    progress: Progress = silent,
) -> ExtractReport:
    """Fetch what is new in dbt Cloud since the last tick.

    `since` also looks for runs created from that day on; what is known is not fetched twice. When
    dbt Cloud asks to be left alone, the tick ends with what it has, and later ones ask nothing
    until then.

    Raises:
        ServiceError: dbt Cloud refused, or did not answer after retries; what was done is kept.
        ArchiveError: the archive cannot be read or written.
    """
    began, traffic = monotonic(), client.traffic
    before = (traffic.requests, traffic.rate_limited)
    tick = _Tick(client, archive, settings, now, progress)
    try:
        tick.run(datetime.combine(since, time(), UTC) if since else None)
    except RateLimited as limited:
        waited = timedelta(seconds=monotonic() - began + limited.wait_seconds)
        tick.state.cool_down_until = now + waited
        tick.save()
    except ServiceError:
        tick.save()
        raise
    report = tick.report
    report.requests = traffic.requests - before[0]
    report.rate_limited = traffic.rate_limited - before[1]
    report.open_runs = len(tick.state.running)
    if until := tick.state.cool_down_until:
        report.rate_limited_until = until
        report.warnings.append(
            f"dbt Cloud limits requests (429); nothing is asked before {until:%Y-%m-%d %H:%M} UTC."
        )
    return report


class _Tick:
    """One look at dbt Cloud; `state` is true after every run, and saved after every page."""

    def __init__(
        self,
        client: DbtCloudClient,
        archive: Archive,
        settings: Settings,
        now: datetime,
        progress: Progress,
    ) -> None:
        """Read what earlier ticks left."""
        self.client, self.archive, self.settings = client, archive, settings
        self.now, self.progress = now, progress
        self.report = ExtractReport()
        self.state, warning = read_state(archive, now=now)
        self.report.warnings += [warning] if warning else []
        self._objects = archive.read_account_objects()
        self._trusted = self.state.watermark or 0
        self._handled: set[int] = set()
        self._expected = 0
        self._may_advance = True

    def save(self) -> None:
        """Write the state down."""
        self.state.forget_old_manifests(self.now)
        write_state(self.archive, self.state)

    def run(self, since: datetime | None) -> None:
        """Do everything there is to do."""
        state = self.state
        if state.cool_down_until and self.now < state.cool_down_until:
            return
        state.cool_down_until = None
        self.archive.clear_drafts(self.now - _DRAFTS_LIVE)
        state.widen(self.settings, now=self.now, since=since)
        if not state.objects_at or self.now - state.objects_at >= OBJECTS_EVERY:
            state.unknown_ids = []
            self._list_objects()
        self._discover(since)
        self._ask_again()
        self._prune()
        self.save()

    def _discover(self, since: datetime | None) -> None:
        start = self._start(since)
        if start is None:
            return
        left_running = {*self.state.running}
        for page in self.client.runs(start):
            wanted = [run for run in page.runs if self._is_wanted(run)]
            self._learn_ids(wanted)
            left_running -= {run.id for run in page.runs}
            self._handled |= {run.id for run in page.runs} - {run.id for run in wanted}
            self._expected = len(self._handled) + len(wanted) + page.remaining
            try:
                self._take(wanted)
            finally:  # cut short, it still got somewhere
                self._advance(page.runs)
            self.save()
        self._fetch(self._tasks(left_running))

    def _start(self, since: datetime | None) -> int | None:
        """Say after which id to list; None when there is nothing to list yet."""
        state = self.state
        starts = [run_id - 1 for run_id in state.running[:1]]
        starts += [] if state.watermark is None else [state.watermark]
        looks_from = [since] if since else []
        if state.watermark is None and state.history_from:
            looks_from.append(self._still_kept(state.history_from))
        if looks_from:
            first = self.client.first_run_id(created_since=min(looks_from), now=self.now)
            starts += [] if first is None else [first - 1]
        return min(starts, default=None)

    def _still_kept(self, start: datetime) -> datetime:
        days = self.settings.archive_keep_days
        return max(start, self.now - timedelta(days=days)) if days else start

    def _is_wanted(self, run: Run) -> bool:
        """Apply filters and history; what is being watched is watched to its end."""
        if run.id in self.state.running:
            return True
        start = self._still_kept(self.state.history_from or self.now)
        is_old = run.created_at is not None and run.created_at < start
        return not is_old and self.state.scope.covers(run)

    def _take(self, runs: Iterable[Run]) -> None:
        fetcher = self._fetcher()
        tasks: list[Task] = []
        for run in runs:
            if is_unfinished(run):
                self._note(_written(self.archive, run, fetcher.variant(run)))
            elif self._is_known(run):
                self._handled.add(run.id)
            else:
                tasks.append(Task(run))
        self._fetch(tasks, fetcher)

    def _is_known(self, run: Run) -> bool:
        """Whether a finished run has an entry that says so.

        Runs above the watermark may have entries the state does not know of, from a tick that was
        cut short; only their entries tell how far it came.
        """
        if run.id in self.state.waiting:
            return True
        ref = None if run.id in self.state.running else self.archive.entry(run.id)
        if ref is None:
            return False
        if run.id <= self._trusted:
            return True
        entry = self.archive.read_entry(ref)
        if not entry.is_final and is_unfinished(entry.run):
            return False
        self.state.note(entry, now=self.now, asked=False)
        return True

    def _advance(self, listed: Iterable[Run]) -> None:
        """Raise the watermark as far as there is no gap."""
        for run in listed:
            is_young = run.created_at is not None and self.now - run.created_at < SETTLED_AFTER
            self._may_advance &= run.id in self._handled and not is_young
            if self._may_advance:
                self.state.watermark = max(run.id, self.state.watermark or 0)

    def _ask_again(self) -> None:
        """Look again at finished runs of which something was open, unless this tick did already."""
        due = [
            run_id
            for run_id, waiting in self.state.waiting.items()
            if waiting.asked_at < self.now and waiting.is_due(self.now)
        ]
        self._fetch(self._tasks(due))

    def _tasks(self, run_ids: Iterable[int]) -> list[Task]:
        """Make tasks of runs that have an entry; one that lost it is discovered again."""
        tasks: list[Task] = []
        for run_id in sorted(run_ids):
            ref = self.archive.entry(run_id)
            if ref is None:
                self.state.forget(run_id)
                continue
            entry = self.archive.read_entry(ref)
            waiting = self.state.waiting.get(run_id)
            tasks.append(Task(entry.run, entry, waiting.since if waiting else None))
        return tasks

    def _fetch(self, tasks: list[Task], fetcher: RunFetcher | None = None) -> None:
        if not tasks:
            return
        fetch_all(
            fetcher or self._fetcher(),
            tasks,
            lambda: self.state.manifests,
            self._note,
            shares_manifests=self.settings.dbt_cloud_manifests == "changed",
        )

    def _fetcher(self) -> RunFetcher:
        overrides = {job.id: job.env_overrides_hash for job in self._objects.jobs}
        return RunFetcher(self.client, self.archive, now=self.now, env_overrides=overrides)

    def _note(self, fetched: Fetched) -> None:
        """Count a run whose entry is in the archive."""
        report, entry = self.report, fetched.entry
        self._handled.add(entry.run.id)
        self.state.note(entry, now=self.now)
        report.new_runs += fetched.is_new
        report.updated_runs += fetched.is_written and not fetched.is_new
        report.artifacts_found += len(fetched.found)
        report.bytes += sum(artifact.size or 0 for artifact in fetched.found)
        states = [artifact.state for artifact in entry.artifacts]
        report.artifacts_missing += states.count("missing") if fetched.is_written else 0
        report.artifacts_open += states.count("open")
        report.warnings += fetched.warnings
        done = len(self._handled)
        self.progress("fetching runs", done, max(done, self._expected))

    def _learn_ids(self, runs: Iterable[Run]) -> None:
        """List projects, environments and jobs anew when a run names one nobody knows."""
        if unknown := unknown_ids(self._objects, runs) - {*self.state.unknown_ids}:
            self._list_objects()
            still = unknown_ids(self._objects, runs) & unknown
            self.state.unknown_ids = sorted({*self.state.unknown_ids} | still)

    def _list_objects(self) -> None:
        self._objects = list_objects(self.client, self.settings.dbt_cloud_project_ids)
        self.archive.write_account_objects(self._objects)
        self.state.objects_at = self.now

    def _prune(self) -> None:
        days, pruned_at = self.settings.archive_keep_days, self.state.pruned_at
        if days and (not pruned_at or self.now - pruned_at >= _PRUNE_EVERY):
            self.report.pruned_runs = self.archive.prune(self.now - timedelta(days=days))
            self.state.pruned_at = self.now


def _written(archive: Archive, run: Run, variant: str) -> Fetched:
    """Write the entry of a run that is queued or going on, from what the list says."""
    entry = RunEntry(run=run, variant=variant)
    ref = archive.write_entry(entry)
    return Fetched(entry, is_new=ref is not None and ref.revision == 1, is_written=ref is not None)
