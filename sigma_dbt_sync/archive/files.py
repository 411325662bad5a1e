"""Where archive files lie: a local folder, or any object store that fsspec knows.

A file appears whole or not at all. Locally it is written next to its place, flushed to disk and
renamed; an object store gets one put. Names are relative, with slashes, and made by this package
from ids and hashes only.
"""

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from upath import UPath

from sigma_dbt_sync.errors import ArchiveError, ConfigurationError

INCOMING = "incoming"
_LOCAL = {"", "file", "local"}


class Files(ABC):
    """The files below one folder."""

    def __init__(self, place: str) -> None:
        """Remember what to call this place in messages."""
        self.place = place

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """Read a file; None when there is none."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a file, replacing what was there."""

    @abstractmethod
    def draft(self) -> BinaryIO:
        """Open a local file that `adopt` or `discard` ends."""

    @abstractmethod
    def adopt(self, draft: BinaryIO, name: str) -> None:
        """Move a finished draft to its place."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Size of a file; None when there is none."""

    @abstractmethod
    def names(self, folder: str) -> Iterator[str]:
        """Names of the files directly in a folder; none when there is no folder."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete a file, if it is there."""

    @abstractmethod
    def clear_drafts(self, before: datetime) -> None:
        """Delete drafts that a crash left behind, if they were last written before then."""

    @abstractmethod
    def failures(self, name: str) -> AbstractContextManager[None]:
        """Turn the system's errors, while `name` is in use, into ours."""

    @staticmethod
    def discard(draft: BinaryIO) -> None:
        """Close and delete a draft, unless it was adopted."""
        draft.close()
        Path(draft.name).unlink(missing_ok=True)


class LocalFiles(Files):
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        """Take a folder, which need not exist yet."""
        super().__init__(str(root))
        self._root = root

    def read(self, name: str) -> bytes | None:
        """Read a file; None when there is none."""
        with self.failures(name):
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Write a file, replacing what was there."""
        draft = self.draft()
        try:
            with self.failures(name):
                draft.write(data)
            self.adopt(draft, name)
        finally:
            self.discard(draft)

    def draft(self) -> BinaryIO:
        """Open a file on the same disk."""
        path = self._root / INCOMING / uuid4().hex
        with self.failures(INCOMING):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w+b")

    def adopt(self, draft: BinaryIO, name: str) -> None:
        """Make sure the draft is on disk, then rename it."""
        path = self._root / name
        with self.failures(name):
            draft.flush()
            os.fsync(draft.fileno())
            draft.close()
            path.parent.mkdir(parents=True, exist_ok=True)
            Path(draft.name).replace(path)
            _flush_folder(path.parent)

    def size(self, name: str) -> int | None:
        """Size of a file; None when there is none."""
        with self.failures(name):
            try:
                return (self._root / name).stat().st_size
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> Iterator[str]:
        """Names of the files directly in a folder."""
        with self.failures(folder):
            try:
                found = os.listdir(self._root / folder)  # noqa: PTH208 - names are all it needs
            except FileNotFoundError:
                return
        yield from found

    def delete(self, name: str) -> None:
        """Delete a file, if it is there."""
        with self.failures(name):
            (self._root / name).unlink(missing_ok=True)

    def clear_drafts(self, before: datetime) -> None:
        """Delete drafts that a crash left behind."""
        for name in self.names(INCOMING):
            path = self._root / INCOMING / name
            with self.failures(name), suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                    path.unlink()

    @contextmanager
    def failures(self, name: str) -> Generator[None]:
        """Turn the system's errors into ours."""
        try:
            yield
        except OSError as error:
            raise ArchiveError(
                f"The archive file {self._root / name} cannot be used: {error.strerror}. "
                "Check ARCHIVE_URL, the folder's permissions and the free space."
            ) from error


class RemoteFiles(Files):
    """A folder of an object store."""

    def __init__(self, root: UPath) -> None:
        """Take a folder on any file system that fsspec knows."""
        super().__init__(f"{root.protocol}://{root.path}")
        try:
            self._fs: Any = root.fs
        except (ImportError, ValueError) as error:
            raise ConfigurationError(f"ARCHIVE_URL cannot be used: {error}") from error
        self._root = root.path.rstrip("/")

    def read(self, name: str) -> bytes | None:
        """Read a file; None when there is none."""
        with self.failures(name):
            try:
                return self._fs.cat_file(self._path(name))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Put a file, replacing what was there."""
        with self.failures(name):
            self._fs.pipe_file(self._path(name), data)

    def draft(self) -> BinaryIO:
        """Open a file on this machine."""
        draft: Any = tempfile.NamedTemporaryFile(delete=False)  # noqa: SIM115 - `discard` ends it
        return draft

    def adopt(self, draft: BinaryIO, name: str) -> None:
        """Put the draft."""
        with self.failures(name):
            draft.close()
            self._fs.put_file(draft.name, self._path(name))

    def size(self, name: str) -> int | None:
        """Size of a file; None when there is none."""
        with self.failures(name):
            try:
                return self._fs.size(self._path(name))
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> Iterator[str]:
        """Names of the files directly in a folder."""
        with self.failures(folder):
            self._fs.invalidate_cache()  # others write here too
            try:
                found: list[str] = self._fs.ls(self._path(folder), detail=False)
            except FileNotFoundError:
                return
        yield from (path.rsplit("/", 1)[-1] for path in found)

    def delete(self, name: str) -> None:
        """Delete a file, if it is there."""
        with self.failures(name), suppress(FileNotFoundError):
            self._fs.rm_file(self._path(name))

    def clear_drafts(self, before: datetime) -> None:
        """Do nothing: drafts lie in the machine's own folder for temporary files."""

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def failures(self, name: str) -> Generator[None]:
        """Turn the system's errors into ours."""
        try:
            yield
        except OSError as error:
            raise ArchiveError(
                f"The archive object {self.place}/{name} cannot be used ({type(error).__name__}). "
                "Check ARCHIVE_URL and this machine's access to it."
            ) from error


def open_files(url: str, folder: str) -> Files:
    """Open a folder below a path or fsspec URL.

    Raises:
        ConfigurationError: nothing here can read that kind of URL.
    """
    try:
        root = UPath(url)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(f"ARCHIVE_URL cannot be used: {error}") from error
    if root.protocol in _LOCAL:
        return LocalFiles(Path(root.path) / folder)
    return RemoteFiles(root / folder)


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
