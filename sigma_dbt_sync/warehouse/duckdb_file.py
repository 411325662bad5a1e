"""Opens a DuckDB file: waits while another process has it, and tells errors in our words."""

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import stamina

from sigma_dbt_sync.errors import WarehouseBusy, WarehouseError

SCHEMA = "dbt_metadata"

_log = logging.getLogger(__name__)

# DuckDB 2 would otherwise write a file that no 1.x client can read, and many tools still bring one.
# Variables of this program are never tables, whatever a query may name.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0",
    "python_enable_replacements": "false",
}
_LOCKED = "Could not set lock on file"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_WORTH_TELLING = 2
_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.+) \(PID (?P<pid>\d+)\)")


def open_file(path: Path, *, wait_seconds: float, create: bool) -> duckdb.DuckDBPyConnection:
    """Connect, with UTC as time zone and our schema as the place of unqualified names.

    Raises:
        WarehouseBusy: another process has the file open, and still did after `wait_seconds`.
        WarehouseError: the file is not there, or cannot be opened.
    """
    if create:
        _make_folder(path.parent)
    elif not path.exists():
        raise WarehouseError(f"There is no DuckDB file {path} yet; a sync makes it.")
    try:
        con = _connect(path, wait_seconds)
    except duckdb.Error as error:
        raise WarehouseError(f"DuckDB cannot open {path}: {error}") from error
    try:
        con.execute("SET TimeZone = 'UTC'")
        if create:
            # qualified: a file dbt_metadata.duckdb is a database of the same name as the schema
            ((database,),) = con.execute("SELECT current_database()").fetchall()
            con.execute(f'CREATE SCHEMA IF NOT EXISTS "{database}".{SCHEMA}')
        con.execute(f"SET schema = '{SCHEMA}'")
    except duckdb.Error as error:
        con.close()
        raise WarehouseError(f"{path} has no schema {SCHEMA}: {error}") from error
    return con


def _connect(path: Path, wait_seconds: float) -> duckdb.DuckDBPyConnection:
    """Connect, asking again and again while another process has the file."""
    try:
        for attempt in stamina.retry_context(
            on=_is_locked,
            attempts=None,
            timeout=wait_seconds,
            wait_initial=_FIRST_PAUSE,
            wait_max=_LONGEST_PAUSE,
            wait_jitter=_LONGEST_PAUSE / 2,
        ):
            with attempt:
                if attempt.num == _WORTH_TELLING:
                    _log.info("waiting for %s, held by another process", path)
                return duckdb.connect(path, config=_CONFIG)
    except duckdb.IOException as error:
        if not _is_locked(error):
            raise
        raise WarehouseBusy(
            f"{path} is held by {_holder(str(error))}; waited {wait_seconds:.0f} seconds. DuckDB "
            f"gives a file to one process at a time: close it there, then sync again. Nothing is "
            f"lost."
        ) from error
    raise AssertionError  # stamina either returns or raises


def _is_locked(error: Exception) -> bool:
    return isinstance(error, duckdb.IOException) and _LOCKED in str(error)


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Commit what the block does, or nothing of it."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a failed commit has rolled back already
            con.rollback()
        raise


def _holder(message: str) -> str:
    found = _HOLDER.search(message)
    return f"process {found['pid']} ({found['program']})" if found else "another process"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"The folder {folder} cannot be made: {error}") from error
