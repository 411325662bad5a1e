"""One entry per run. The listing of the folder is the index, so that nothing has to be opened.

A changed entry is a new file with the next revision; the one before is deleted once the new one is
safely there. Two writers may come up with the same revision; the name decides, equally for all.
"""

import re
from hashlib import sha256
from threading import Lock

from msgspec import MsgspecError, Struct, json

from sigma_dbt_sync.archive.files import Files
from sigma_dbt_sync.artifacts.run_entry import RunEntry
from sigma_dbt_sync.errors import ArchiveError

FOLDER = "runs"
_NAME = re.compile(r"(\d+)\.(\d{4,})\.([0-9a-f]{64})\.json")
_DECODER = json.Decoder(RunEntry)


class EntryRef(Struct, frozen=True, order=True):
    """Which entry of a run is meant."""

    run_id: int
    revision: int
    sha256: str

    @property
    def name(self) -> str:
        """Where it lies."""
        return f"{FOLDER}/{self.run_id}.{self.revision:04d}.{self.sha256}.json"


class Entries:
    """The entries of one account; may be used by several threads at once."""

    def __init__(self, files: Files) -> None:
        """Look at nothing yet."""
        self._files = files
        self._known: dict[int, EntryRef] | None = None
        self._noting = Lock()

    def list(self) -> dict[int, EntryRef]:
        """Find the newest entry of each run, and delete those that were replaced."""
        newest: dict[int, EntryRef] = {}
        replaced: list[EntryRef] = []
        for name in self._files.names(FOLDER):
            ref = _parsed(name)
            if ref is None:
                continue
            older, newer = sorted((ref, newest.get(ref.run_id, ref)))
            newest[ref.run_id] = newer
            if older is not newer:
                replaced.append(older)
        for ref in replaced:
            self._files.delete(ref.name)
        with self._noting:
            self._known = newest
        return dict(sorted(newest.items()))

    def get(self, run_id: int) -> EntryRef | None:
        """Find the newest entry of one run, listing the folder only once."""
        known = self.list() if self._known is None else self._known
        return known.get(run_id)

    def read(self, ref: EntryRef) -> RunEntry:
        """Read an entry; when it was replaced meanwhile, the one that replaced it.

        Raises:
            ArchiveError: it is gone or damaged.
        """
        data = self._files.read(ref.name)
        if data is None:
            newer = self.list().get(ref.run_id)
            data = self._files.read(newer.name) if newer else None
            ref = newer or ref
        if data is None:
            raise ArchiveError(f"The archive has lost {self._files.place}/{ref.name}.")
        try:
            if sha256(data).hexdigest() == ref.sha256:
                return _DECODER.decode(data)
        except MsgspecError:
            pass
        raise ArchiveError(
            f"{self._files.place}/{ref.name} is damaged. Delete it and state.json, and sync again."
        )

    def write(self, entry: RunEntry) -> EntryRef | None:
        """Write an entry; None when the run's present entry says the same."""
        data = entry.to_json()
        content = sha256(data).hexdigest()
        before = self.get(entry.run.id)
        if before and before.sha256 == content:
            return None
        ref = EntryRef(entry.run.id, before.revision + 1 if before else 1, content)
        self._files.write(ref.name, data)
        with self._noting:
            if self._known is not None:
                self._known[ref.run_id] = ref
        if before:
            self._files.delete(before.name)
        return ref

    def delete(self, ref: EntryRef) -> None:
        """Forget a run."""
        self._files.delete(ref.name)
        with self._noting:
            if self._known is not None:
                self._known.pop(ref.run_id, None)


def _parsed(name: str) -> EntryRef | None:
    found = _NAME.fullmatch(name)
    return EntryRef(int(found[1]), int(found[2]), found[3]) if found else None
