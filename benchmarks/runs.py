"""Runs of a made-up project, in an archive that lives in memory.

Fulfils what `sync.load` asks of an archive, with artifacts that are plain files: neither dbt Cloud
nor the decompression of a real archive takes part in what is measured.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.made_up.project import BEGIN
from sigma_dbt_sync.artifacts.account import AccountObjects
from sigma_dbt_sync.artifacts.run_entry import Artifact, ArtifactKind, Run, RunEntry

ACCOUNT_ID, PROJECT_ID, ENVIRONMENT_ID, JOB_ID = 1, 2, 3, 4
_SUCCESS = 10
_STEP = 4


@dataclass(frozen=True, slots=True)
class Ref:
    """Names an entry."""

    sha256: str


class MemoryArchive:
    """Entries and notes in memory; blobs are read when asked for, as from any archive."""

    account_id = ACCOUNT_ID

    def __init__(self) -> None:
        self._entries: dict[int, RunEntry] = {}
        self._blobs: dict[str, Callable[[], bytes]] = {}
        self._notes: dict[str, bytes] = {}

    def add_run(self, run_id: int, artifacts: Iterable[Artifact]) -> None:
        """Archive a run that came a day after the one before it."""
        began = BEGIN + timedelta(days=run_id - 1)
        run = Run(
            id=run_id,
            account_id=ACCOUNT_ID,
            project_id=PROJECT_ID,
            environment_id=ENVIRONMENT_ID,
            job_id=JOB_ID,
            status=_SUCCESS,
            created_at=began,
            started_at=began,
            finished_at=began + timedelta(hours=1),
        )
        self._entries[run_id] = RunEntry(run=run, artifacts=tuple(artifacts), is_final=True)

    def add_blob(
        self, kind: ArtifactKind, name: str, read: Callable[[], bytes], *, is_shared: bool = False
    ) -> Artifact:
        """Archive an artifact."""
        self._blobs[name] = read
        state = "shared" if is_shared else "found"
        return Artifact(step_index=_STEP, kind=kind, state=state, sha256=name)

    def add_folder(self, run_id: int, folder: Path, kinds: Iterable[ArtifactKind]) -> None:
        """Archive a run with artifacts that lie in a folder."""
        self.add_run(
            run_id,
            [
                self.add_blob(kind, f"{folder.name}/{kind}", (folder / f"{kind}.json").read_bytes)
                for kind in kinds
            ],
        )

    def entries(self) -> dict[int, Ref]:
        """Name the entry of every run."""
        return {run_id: Ref(str(run_id)) for run_id in self._entries}

    def read_entry(self, ref: Ref) -> RunEntry:
        """Read one entry."""
        return self._entries[int(ref.sha256)]

    def read_account_objects(self) -> AccountObjects:
        """List nothing: runs say enough."""
        return AccountObjects()

    def read_blob(self, sha256: str) -> bytes:
        """Read an artifact."""
        return self._blobs[sha256]()

    def read_note(self, name: str) -> bytes | None:
        """Read a note."""
        return self._notes.get(name)

    def write_note(self, name: str, content: bytes) -> None:
        """Keep a note."""
        self._notes[name] = content
