"""The archive of one dbt Cloud account."""

import re
from contextlib import AbstractContextManager
from datetime import datetime

from msgspec import MsgspecError, json

from sigma_dbt_sync.archive import blobs
from sigma_dbt_sync.archive.entries import Entries, EntryRef
from sigma_dbt_sync.archive.files import open_files
from sigma_dbt_sync.archive.prune import blobs_of, forgettable
from sigma_dbt_sync.artifacts.account import AccountObjects
from sigma_dbt_sync.artifacts.run_entry import RunEntry
from sigma_dbt_sync.errors import ArchiveError

_ACCOUNT = "account.json"
_STATE = "state.json"
_NOTE_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Archive:
    """Everything kept about one account; may be used by several threads and processes at once."""

    def __init__(self, root: str, account_id: int, *, max_blob_size: int = blobs.MAX_SIZE) -> None:
        """Take a folder or fsspec URL; nothing is touched before something is written.

        Raises:
            ConfigurationError: nothing here can read that kind of URL.
        """
        self.account_id = account_id
        self._files = open_files(root, str(account_id))
        self._entries = Entries(self._files)
        self._max_blob_size = max_blob_size

    @property
    def place(self) -> str:
        """Where it lies, for messages."""
        return self._files.place

    def entries(self) -> dict[int, EntryRef]:
        """Find the present entry of every run, in order of run id."""
        return self._entries.list()

    def entry(self, run_id: int) -> EntryRef | None:
        """Find the present entry of one run, as far as this object has looked."""
        return self._entries.get(run_id)

    def read_entry(self, ref: EntryRef) -> RunEntry:
        """Read an entry; when it was replaced meanwhile, the one that replaced it.

        Raises:
            ArchiveError: it is gone or damaged.
        """
        return self._entries.read(ref)

    def write_entry(self, entry: RunEntry) -> EntryRef | None:
        """Write a run's entry; None when nothing changed."""
        return self._entries.write(entry)

    def blob_writer(self) -> AbstractContextManager[blobs.BlobWriter]:
        """Open a writer for one artifact; what is not kept is deleted."""
        return blobs.blob_writer(self._files, self._max_blob_size)

    def read_blob(self, sha256: str) -> bytes:
        """Read an artifact back.

        Raises:
            ArchiveError: it is gone, or not what was written.
        """
        return blobs.read_blob(self._files, sha256)

    def read_account_objects(self) -> AccountObjects:
        """Read projects, environments and jobs as last listed; empty before the first time."""
        data = self._files.read(_ACCOUNT)
        try:
            return json.decode(data, type=AccountObjects) if data else AccountObjects()
        except MsgspecError as error:
            raise ArchiveError(
                f"{self.place}/{_ACCOUNT} is damaged. Delete it and sync again."
            ) from error

    def write_account_objects(self, objects: AccountObjects) -> bool:
        """Write projects, environments and jobs; False when nothing changed."""
        data = json.encode(objects)
        if self._files.read(_ACCOUNT) == data:
            return False
        self._files.write(_ACCOUNT, data)
        return True

    def read_state(self) -> bytes | None:
        """Read what extraction remembers; None before the first time."""
        return self._files.read(_STATE)

    def write_state(self, data: bytes) -> None:
        """Write what extraction remembers."""
        self._files.write(_STATE, data)

    def read_note(self, name: str) -> bytes | None:
        """Read what another part of a sync remembers under this name."""
        return self._files.read(_note(name))

    def write_note(self, name: str, data: bytes) -> None:
        """Remember something under a name of letters, digits, - and _."""
        self._files.write(_note(name), data)

    def clear_drafts(self, before: datetime) -> None:
        """Delete what crashed syncs left half written, if that was before then."""
        self._files.clear_drafts(before)

    def prune(self, before: datetime) -> int:
        """Forget finished runs created before then, and say how many.

        Runs whose manifest or catalog is the newest of its environment stay. A crash in between
        leaves at most artifacts that nothing refers to.
        """
        entries = {ref: self.read_entry(ref) for ref in self.entries().values()}
        old = forgettable(entries.items(), before)
        if not old:
            return 0
        kept = blobs_of(entry for ref, entry in entries.items() if ref.run_id not in old)
        gone = {ref: entry for ref, entry in entries.items() if ref.run_id in old}
        for ref in gone:
            self._entries.delete(ref)
        for sha256 in blobs_of(gone.values()) - kept:
            self._files.delete(blobs.blob_name(sha256))
        return len(gone)


def _note(name: str) -> str:
    if not _NOTE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a note")
    return f"notes/{name}.json"
