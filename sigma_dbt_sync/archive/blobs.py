"""Artifacts as they were downloaded, compressed and named by the sha256 of their bytes.

Written and hashed in one pass with little memory; read back whole, and believed only when the hash
still fits.
"""

from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256

import zstandard
from msgspec import Struct

from sigma_dbt_sync.archive.files import INCOMING, Files
from sigma_dbt_sync.errors import ArchiveError, BlobTooLarge

MAX_SIZE = 500 * 1000 * 1000
_LEVEL = 3


class Blob(Struct, frozen=True):
    """An artifact in the archive."""

    sha256: str
    size: int


class BlobWriter:
    """One artifact on its way into the archive."""

    def __init__(self, files: Files, max_size: int) -> None:
        """Open a draft; nothing is in the archive before `keep`."""
        self._files = files
        self._max_size = max_size
        self._draft = files.draft()
        self._begin()

    def restart(self) -> None:
        """Forget what was written."""
        self._draft.seek(0)
        self._draft.truncate()
        self._begin()

    def write(self, data: bytes, /) -> None:
        """Take the next bytes.

        Raises:
            BlobTooLarge: the artifact is larger than the archive keeps.
        """
        self._size += len(data)
        if self._size > self._max_size:
            raise BlobTooLarge(f"It is larger than {self._max_size // 1_000_000} MB.")
        self._hash.update(data)
        with self._files.failures(INCOMING):
            self._draft.write(self._compressor.compress(data))

    def keep(self) -> Blob:
        """Move the artifact into the archive, unless the same bytes are there already."""
        with self._files.failures(INCOMING):
            self._draft.write(self._compressor.flush())
        blob = Blob(self._hash.hexdigest(), self._size)
        name = blob_name(blob.sha256)
        if self._files.size(name) != self._draft.tell():  # absent, or damaged
            self._files.adopt(self._draft, name)
        return blob

    def discard(self) -> None:
        """Delete what was not kept."""
        self._files.discard(self._draft)

    def _begin(self) -> None:
        self._hash = sha256()
        self._size = 0
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()


@contextmanager
def blob_writer(files: Files, max_size: int = MAX_SIZE) -> Generator[BlobWriter]:
    """Hand out a writer; what it did not keep is deleted."""
    writer = BlobWriter(files, max_size)
    try:
        yield writer
    finally:
        writer.discard()


def read_blob(files: Files, name_hash: str) -> bytes:
    """Read an artifact back.

    Raises:
        ArchiveError: it is gone, or not what was written.
    """
    name = blob_name(name_hash)
    stored = files.read(name)
    if stored is None:
        raise ArchiveError(f"The archive has lost {files.place}/{name}.")
    try:
        with zstandard.ZstdDecompressor().stream_reader(stored) as reader:
            content = reader.read()
    except zstandard.ZstdError:
        content = b""
    if sha256(content).hexdigest() != name_hash:
        raise ArchiveError(
            f"{files.place}/{name} is damaged. Restore it from a backup, or delete the archive "
            "and sync again."
        )
    return content


def blob_name(name_hash: str) -> str:
    """Say where an artifact lies."""
    return f"blobs/{name_hash[:2]}/{name_hash}.zst"
