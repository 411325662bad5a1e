"""Fetches one finished run: its steps, then their artifacts, then the archive entry.

The entry is written last, so a run with an entry has its artifacts in the archive. What dbt Cloud
may still deliver stays open; what one answer spoils is noted and asked for again, and never stops
other runs.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock

from msgspec import structs

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.artifacts.run_entry import Artifact, Run, RunEntry, Step
from sigma_dbt_sync.dbt_cloud import DbtCloudClient
from sigma_dbt_sync.errors import BlobTooLarge, NotFound, Unavailable, UnexpectedAnswer
from sigma_dbt_sync.sync.extract_state import FetchedManifest
from sigma_dbt_sync.sync.extract_wanted import (
    Want,
    is_unfinished,
    manifest_key,
    manifest_steps,
    variant,
    wanted,
)

OPEN_FOR = timedelta(hours=24)
"""How long dbt Cloud may take to deliver an artifact, or to answer at all about a run."""

UNSAVED_FOR = timedelta(hours=1)
"""How long a run that says it saved nothing may change its mind."""

_OUTAGES_BORNE = 3
_GONE = "dbt Cloud no longer has this run, or hides it."
_NOT_YET = "dbt Cloud does not have it yet."
_NONE = "dbt Cloud has none."
_UNREAD = "dbt Cloud's answer about this run could not be read."
_UNSAVED = "dbt Cloud says that this run saved no artifacts."


class Stopped(Exception):
    """Another run found out that nothing more should be asked."""


@dataclass(frozen=True, slots=True)
class Task:
    """A finished run to fetch: as listed, and its entry and waiting time from earlier ticks."""

    run: Run
    previous: RunEntry | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """A run with its steps; `failure` says why they could not be read, `is_gone` that they are."""

    task: Task
    run: Run
    steps: tuple[Step, ...]
    variant: str = ""
    failure: str | None = None
    is_gone: bool = False

    @property
    def manifest_key(self) -> str | None:
        """What a run must have in common to share its manifest; None when it fetches none."""
        asks = not (self.failure or self.is_gone or is_unfinished(self.run))
        if not asks or self.run.artifacts_saved is False or self._known_manifest:
            return None
        return manifest_key(self.run, self.variant) if manifest_steps(self.steps) else None

    @property
    def _known_manifest(self) -> bool:
        before = self.task.previous.artifacts if self.task.previous else ()
        return any(known.kind == "manifest" and known.state != "open" for known in before)


@dataclass(slots=True)
class Fetched:
    """What became of a run."""

    entry: RunEntry
    is_new: bool = False
    is_written: bool = False
    found: list[Artifact] = field(default_factory=list[Artifact])
    warnings: list[str] = field(default_factory=list[str])


class RunFetcher:
    """Fetches runs for one tick; used by several threads at once."""

    def __init__(
        self,
        client: DbtCloudClient,
        archive: Archive,
        *,
        now: datetime,
        env_overrides: dict[int, str | None],
    ) -> None:
        """Take what one tick fetches with; `env_overrides` is by job id."""
        self._client = client
        self._archive = archive
        self._now = now
        self._env_overrides = env_overrides
        self._outages = 0
        self._counting = Lock()
        self.stop = Event()

    def variant(self, run: Run, steps: tuple[Step, ...] = ()) -> str:
        """Name how the run parsed its project."""
        return variant(run, steps, self._env_overrides.get(run.job_id or 0))

    def detail(self, task: Task) -> Detail:
        """Read the run's steps, unless they are known."""
        previous = task.previous
        if previous and previous.steps and previous.run.artifacts_saved:
            return Detail(task, previous.run, previous.steps, previous.variant)
        self._go_on()
        try:
            run, steps = self._client.run(task.run.id)
        except NotFound:
            steps = previous.steps if previous else ()
            return Detail(task, task.run, steps, self.variant(task.run, steps), is_gone=True)
        except (UnexpectedAnswer, Unavailable) as error:
            self._bear(error)
            steps = previous.steps if previous else ()
            named = self.variant(task.run, steps)
            return Detail(task, task.run, steps, named, failure=str(error))
        return Detail(task, run, steps, self.variant(run, steps))

    def fetch(self, detail: Detail, shared: FetchedManifest | None) -> Fetched:
        """Fetch what the run is missing and write its entry; `shared` is a manifest to use."""
        fetched = Fetched(self._entry(detail))
        if not detail.is_gone and not detail.failure and not is_unfinished(detail.run):
            self._complete(detail, shared, fetched)
        self._conclude(detail, fetched)
        ref = self._archive.write_entry(fetched.entry)
        fetched.is_written = ref is not None
        fetched.is_new = ref is not None and ref.revision == 1
        return fetched

    def _entry(self, detail: Detail) -> RunEntry:
        before = detail.task.previous
        return RunEntry(
            run=detail.run,
            variant=detail.variant,
            steps=detail.steps,
            artifacts=before.artifacts if before else (),
            note=_UNREAD if detail.failure else None,
        )

    def _complete(self, detail: Detail, shared: FetchedManifest | None, fetched: Fetched) -> None:
        before = {(known.step_index, known.kind): known for known in fetched.entry.artifacts}
        wants = wanted(detail.steps)
        artifacts: list[Artifact] = []
        unsure: set[Artifact] = set()
        for want in wants:
            known = before.get((want.step_index, want.kind))
            artifact = (
                known if known and known.state != "open" else self._ask(detail, want, fetched)
            )
            artifacts.append(artifact)
            if not want.is_expected:
                unsure.add(artifact)
        manifests = [known for known in before.values() if known.kind == "manifest"]
        if manifests and manifests[0].state != "open":
            artifacts.insert(0, manifests[0])
        elif steps := manifest_steps(detail.steps):
            artifacts.insert(0, self._manifest(detail, steps, shared, fetched))
        has_some = any(artifact.sha256 for artifact in artifacts)
        settled = [
            self._settled(detail, artifact, is_surplus=has_some and artifact in unsure)
            for artifact in artifacts
        ]
        fetched.entry = structs.replace(fetched.entry, artifacts=tuple(settled))

    def _manifest(
        self, detail: Detail, steps: list[Want], shared: FetchedManifest | None, fetched: Fetched
    ) -> Artifact:
        best = steps[0]
        if shared is not None:
            return Artifact(
                step_index=best.step_index,
                kind="manifest",
                state="shared",
                sha256=shared.sha256,
                size=shared.size,
                from_run_id=shared.run_id,
            )
        asked = [self._ask(detail, best, fetched)]
        for want in steps[1:]:
            if asked[-1].state != "open" or asked[-1].reason != _NOT_YET:
                break
            asked.append(self._ask(detail, want, fetched))
        return asked[-1] if asked[-1].state != "open" else asked[0]

    def _ask(self, detail: Detail, want: Want, fetched: Fetched) -> Artifact:
        """Fetch one artifact; whatever goes wrong with it leaves it open, with the reason."""
        artifact = Artifact(step_index=want.step_index, kind=want.kind, state="open")
        if detail.run.artifacts_saved is False:
            return structs.replace(artifact, reason=_UNSAVED)
        self._go_on()
        try:
            with self._archive.blob_writer() as writer:
                self._client.artifact(detail.run.id, want.kind, want.step_index, writer)
                blob = writer.keep()
        except NotFound:
            return structs.replace(artifact, reason=_NOT_YET)
        except BlobTooLarge as error:
            return structs.replace(artifact, state="oversized", reason=str(error))
        except (UnexpectedAnswer, Unavailable) as error:
            self._bear(error)
            fetched.warnings.append(f"Run {detail.run.id}: {error}")
            return structs.replace(artifact, reason=str(error))
        found = structs.replace(artifact, state="found", sha256=blob.sha256, size=blob.size)
        fetched.found.append(found)
        return found

    def _settled(self, detail: Detail, artifact: Artifact, *, is_surplus: bool) -> Artifact:
        """Close what has been open for too long; nobody knows whether a surplus one exists."""
        if artifact.state != "open":
            return artifact
        run = detail.run
        ended = run.finished_at or run.started_at or run.created_at or self._now
        if artifact.reason == _UNSAVED:
            is_over, reason = self._now - ended >= UNSAVED_FOR, _UNSAVED
        elif artifact.reason == _NOT_YET:
            is_over, reason = is_surplus or self._now - ended >= OPEN_FOR, _NONE
        else:  # it may well exist: count from the first try
            first_tried = detail.task.since or self._now
            is_over, reason = self._now - first_tried >= OPEN_FOR, artifact.reason
        return structs.replace(artifact, state="missing", reason=reason) if is_over else artifact

    def _conclude(self, detail: Detail, fetched: Fetched) -> None:
        """Decide whether the run has to be looked at again."""
        entry, run_id = fetched.entry, detail.run.id
        if detail.is_gone:
            gone = [
                structs.replace(known, state="missing", reason=_GONE)
                if known.state == "open"
                else known
                for known in entry.artifacts
            ]
            fetched.entry = structs.replace(entry, artifacts=tuple(gone), note=_GONE, is_final=True)
            fetched.warnings.append(f"Run {run_id}: {_GONE}")
        elif detail.failure:
            is_over = self._now - (detail.task.since or self._now) >= OPEN_FOR
            fetched.entry = structs.replace(entry, is_final=is_over)
            last_word = " It is not asked for any more." if is_over else ""
            fetched.warnings.append(f"Run {run_id}: {detail.failure}{last_word}")
        elif not is_unfinished(detail.run):
            is_open = any(artifact.state == "open" for artifact in entry.artifacts)
            fetched.entry = structs.replace(entry, is_final=not is_open)

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise Stopped

    def _bear(self, error: UnexpectedAnswer | Unavailable) -> None:
        """Go on after a failure that may concern one run; a few outages concern all."""
        if isinstance(error, Unavailable):
            with self._counting:
                self._outages += 1
                if self._outages >= _OUTAGES_BORNE:
                    raise error
