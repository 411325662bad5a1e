"""What extraction remembers from one tick to the next, as `state.json` of the archive.

It speaks only about runs that have an archive entry, so losing it costs requests, never runs: it is
made again from the entries, and discovery starts over.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from msgspec import MsgspecError, Struct, field, json

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.artifacts.run_entry import Run, RunEntry
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync.extract_wanted import CANCELLED, is_unfinished, manifest_key

_MANIFESTS_KEPT = timedelta(days=2)
_EVERY_TICK_FOR = timedelta(hours=2)
_THEN_EVERY = timedelta(hours=1)
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class Scope(Struct, frozen=True):
    """Which runs are wanted; empty means all."""

    project_ids: tuple[int, ...] = ()
    environment_ids: tuple[int, ...] = ()
    job_ids: tuple[int, ...] = ()

    def covers(self, run: Run) -> bool:
        """Whether a run is wanted."""
        pairs = (
            (self.project_ids, run.project_id),
            (self.environment_ids, run.environment_id),
            (self.job_ids, run.job_id),
        )
        return all(not ids or value in ids for ids, value in pairs)

    def includes(self, other: "Scope") -> bool:
        """Whether everything that `other` covers is covered here too."""
        pairs = (
            (self.project_ids, other.project_ids),
            (self.environment_ids, other.environment_ids),
            (self.job_ids, other.job_ids),
        )
        return all(not ours or (theirs and {*theirs} <= {*ours}) for ours, theirs in pairs)


class Waiting(Struct, frozen=True):
    """A finished run of which something is still open: since when, and when last asked for."""

    since: datetime
    asked_at: datetime

    def is_due(self, now: datetime) -> bool:
        """Ask at every tick for two hours, then once an hour."""
        return now - self.since <= _EVERY_TICK_FOR or now - self.asked_at >= _THEN_EVERY


class FetchedManifest(Struct, frozen=True):
    """A manifest that runs with the same key share."""

    run_id: int
    created_at: datetime
    sha256: str
    size: int | None = None


class ExtractState(Struct, kw_only=True):
    """What extraction remembers.

    `watermark` is the highest id below which every wanted run has an entry; None starts discovery
    at `history_from`. `running` are runs not finished when last seen.
    """

    watermark: int | None = None
    scope: Scope = Scope()
    history_from: datetime | None = None
    cool_down_until: datetime | None = None
    objects_at: datetime | None = None
    unknown_ids: list[int] = field(default_factory=list[int])
    running: list[int] = field(default_factory=list[int])
    waiting: dict[int, Waiting] = field(default_factory=dict[int, Waiting])
    manifests: dict[str, FetchedManifest] = field(default_factory=dict[str, FetchedManifest])
    pruned_at: datetime | None = None

    def widen(self, settings: Settings, *, now: datetime, since: datetime | None) -> None:
        """Take over filters and history; start discovery again when either asks for more."""
        scope = Scope(
            tuple(sorted(settings.dbt_cloud_project_ids)),
            tuple(sorted(settings.dbt_cloud_environment_ids)),
            tuple(sorted(settings.dbt_cloud_job_ids)),
        )
        start = now - timedelta(days=settings.dbt_cloud_history_days)
        if since and (self.history_from is None or since < start):
            start = since
        if self.history_from is None or start < self.history_from:
            self.history_from = start
            self.watermark = None
        if not self.scope.includes(scope):
            self.watermark = None
        self.scope = scope

    def note(self, entry: RunEntry, *, now: datetime, asked: bool = True) -> None:
        """Remember whether a run with this entry has to be looked at again."""
        run_id = entry.run.id
        before = self.waiting.pop(run_id, None)
        running = {*self.running} - {run_id}
        if not entry.is_final and is_unfinished(entry.run):
            running.add(run_id)
        elif not entry.is_final:
            asked_at = now if asked else _AT_ONCE
            self.waiting[run_id] = Waiting(before.since if before else now, asked_at)
        self.running = sorted(running)
        self._note_manifest(entry)

    def forget(self, run_id: int) -> None:
        """Let a run whose entry was lost be discovered again."""
        self.waiting.pop(run_id, None)
        self.running = [running for running in self.running if running != run_id]
        if self.watermark is not None:
            self.watermark = min(self.watermark, run_id - 1)

    def _note_manifest(self, entry: RunEntry) -> None:
        """Let later runs share a manifest, if the command that wrote it came to its end."""
        run = entry.run
        key = manifest_key(run, entry.variant)
        if key is None or run.created_at is None or run.status == CANCELLED:
            return
        for artifact in entry.artifacts:
            if artifact.kind == "manifest" and artifact.state == "found" and artifact.sha256:
                fetched = FetchedManifest(run.id, run.created_at, artifact.sha256, artifact.size)
                self.manifests.setdefault(key, fetched)

    def forget_old_manifests(self, now: datetime) -> None:
        """Drop manifests too old to be shared with a new run."""
        self.manifests = {
            key: fetched
            for key, fetched in self.manifests.items()
            if now - fetched.created_at < _MANIFESTS_KEPT
        }


_DECODER = json.Decoder(ExtractState)


def read_state(archive: Archive, *, now: datetime) -> tuple[ExtractState, str | None]:
    """Read the state, or make it again from the entries; a warning when it was damaged."""
    data = archive.read_state()
    warning = None
    if data is not None:
        try:
            return _DECODER.decode(data), None
        except MsgspecError:
            warning = f"{archive.place}/state.json was damaged and has been made again."
    entries = (archive.read_entry(ref) for ref in archive.entries().values())
    return _state_of(entries, now=now), warning


def write_state(archive: Archive, state: ExtractState) -> None:
    """Write the state, if it differs from what is there."""
    data = json.encode(state)
    if data != archive.read_state():
        archive.write_state(data)


def _state_of(entries: Iterable[RunEntry], *, now: datetime) -> ExtractState:
    state = ExtractState()
    for entry in entries:
        state.note(entry, now=now, asked=False)
    state.forget_old_manifests(now)
    return state
