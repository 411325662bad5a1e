"""The archive as a place: may it be written to, and what of it lies on this machine."""

import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

from upath import UPath

from sigma_dbt_sync.archive.files import open_files
from sigma_dbt_sync.errors import ArchiveError, ConfigurationError
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync import data_model_notes, graph_files

_LOCAL = {"", "file", "local"}
_OURS = ("account.json", "state.json", "runs", "blobs", "notes", "incoming")
"""What lies in an account's folder; see `sigma_dbt_sync.archive`."""


def local_folder(settings: Settings) -> Path | None:
    """Name the archive's folder; None when it lies in an object store.

    Raises:
        ConfigurationError: nothing here can read that kind of URL.
    """
    try:
        root = UPath(settings.archive_url)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(f"ARCHIVE_URL cannot be used: {error}") from error
    return Path(root.path) if root.protocol in _LOCAL else None


def try_writing(settings: Settings) -> None:
    """Write a file where the archive is or will be, and delete it.

    Raises:
        ArchiveError: the archive cannot be written.
        ConfigurationError: nothing here can read that kind of URL.
    """
    folder = local_folder(settings)
    if folder is None:
        files = open_files(settings.archive_url, "check")
        name = f"{uuid4().hex}.txt"
        files.write(name, b"Written by sigma-dbt-sync check; may be deleted.\n")
        files.delete(name)
        return
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise ArchiveError(f"{existing} cannot be written: {error.strerror}.") from error


def accounts_in(folder: Path) -> list[Path]:
    """List the folders of accounts; anything else in the folder is somebody else's."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.isdigit() and any((path / name).exists() for name in _OURS)
    )


def delete_accounts(folder: Path) -> None:
    """Delete what the archive holds, and its folder unless somebody put something else there.

    Raises:
        ArchiveError: something could not be deleted.
    """
    try:
        for account in accounts_in(folder):
            for name in _OURS:
                path = account / name
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            _remove_if_empty(account)
        # what Dagster's asset graph is made from, and what was published to Sigma
        for beside in (folder / graph_files.FOLDER, folder / data_model_notes.FOLDER):
            if beside.is_dir():
                shutil.rmtree(beside)
        _remove_if_empty(folder)
    except OSError as error:
        raise ArchiveError(f"{error.filename} cannot be deleted: {error.strerror}.") from error


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
