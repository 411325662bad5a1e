"""A session with Snowflake: runs statements, counts them, and tells refusals in our words."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sigma_dbt_sync.errors import SyncError, Unavailable, WarehouseBusy, WarehouseError
from sigma_dbt_sync.warehouse.snowflake_login import SYSTEM, Login, connect
from sigma_dbt_sync.warehouse.snowflake_results import as_told

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

_BYTES_PER_FILE = 100_000_000  # Snowflake loads files of 100 to 250 MB best
_BUSY = {
    625: "another statement holds the lock: SHOW LOCKS, then SYSTEM$ABORT_TRANSACTION",
    604: "it was cancelled",
    630: "it took too long",
    390112: "the session has expired",
    390114: "the session has expired",
}
_MISSING = {2003, 2043, 90105, 90106}
"""Codes for: no such object, or none that the role may see; no current database; no schema."""
_THERE = 2002
_FIXES = {
    606: "SNOWFLAKE_WAREHOUSE is not there, or the role may not use it: sigma-dbt-sync check.",
    666: "Nobody can query until whoever pays for the account has it opened again.",
    3001: "sigma-dbt-sync check names the missing GRANT.",
    90073: "A resource monitor has stopped the warehouse; an administrator can raise its quota.",
    90105: "SNOWFLAKE_DATABASE is not there, or the role may not use it: sigma-dbt-sync check.",
    90106: "SNOWFLAKE_SCHEMA is not there, or the role may not use it: sigma-dbt-sync check.",
}


class NoSuchObject(WarehouseError):
    """A table or schema that a statement names is not there, or hidden from the role."""


class AlreadyThere(WarehouseError):
    """A table that a statement makes is there: somebody else was faster."""


class Session:
    """One login, made when the first statement needs it."""

    def __init__(self, login: Login) -> None:
        """Connect to nothing yet."""
        self.statements = 0
        self._login = login
        self._connection: SnowflakeConnection | None = None

    def run(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and fetch its few rows."""
        with self._cursor(sql, parameters) as cursor:
            return [tuple(row) for row in cursor.fetchall()]

    def named(self, sql: str) -> list[dict[str, Any]]:
        """Run one SHOW; columns by name in lower case."""
        with self._cursor(sql, ()) as cursor:
            names = [column.name.lower() for column in cursor.description or ()]
            return [dict(zip(names, tuple(row), strict=True)) for row in cursor.fetchall()]

    def counted(self, sql: str, parameters: Sequence[object] = ()) -> dict[str, int]:
        """Run one INSERT, UPDATE, DELETE or MERGE; count the rows inserted, updated, deleted."""
        with self._cursor(sql, parameters) as cursor:
            names = [column.name.lower().split()[-1] for column in cursor.description or ()]
            (row,) = cursor.fetchall()
            # UPDATE also counts "multi-joined rows updated"; the count itself comes first
            return {name: int(count) for name, count in zip(names[::-1], row[::-1], strict=True)}

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one SELECT; column names in lower case, types as `snowflake_results` says."""
        with self._cursor(sql, parameters) as cursor:
            found: Any = cursor.fetch_arrow_all(
                force_return_table=True, force_microsecond_precision=True
            )
            return as_told(found)

    def upload(self, content: pa.Table, table: str) -> None:
        """Copy rows into a table whose columns have the same names, in upper case."""
        # imported here: pandas takes a second, which whoever uses DuckDB should not wait
        import pandas as pd  # noqa: PLC0415
        from snowflake.connector.pandas_tools import write_pandas  # noqa: PLC0415

        upper: Any = content.rename_columns([name.upper() for name in content.column_names])
        files = 1 + upper.nbytes // _BYTES_PER_FILE
        with self._told(f"staging {table}"):
            written = write_pandas(
                self._connected(),
                upper.to_pandas(types_mapper=pd.ArrowDtype),
                table,
                chunk_size=1 + upper.num_rows // files,
                compression="snappy",  # gzip saves 40 %, and takes 40 times as long
                use_logical_type=True,
            )
        self.statements += 2 + written.nchunks  # a stage, a PUT per file, one COPY

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Commit what the block does, or nothing of it. DDL inside would commit by itself."""
        self.run("BEGIN")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with suppress(SyncError):
                self.run("ROLLBACK")
            raise

    def close(self) -> None:
        """Log out."""
        if self._connection:
            # imported already, or there would be no connection
            from snowflake import connector  # noqa: PLC0415

            with suppress(connector.Error):
                self._connection.close()
            self._connection = None

    def _connected(self) -> "SnowflakeConnection":
        if self._connection is None:
            self._connection = connect(self._login)
        return self._connection

    @contextmanager
    def _cursor(self, sql: str, parameters: Sequence[object]) -> Generator["SnowflakeCursor"]:
        connection = self._connected()
        with self._told(f"running {sql.split(maxsplit=1)[0]}"), connection.cursor() as cursor:
            self.statements += 1
            cursor.execute(sql, tuple(parameters) or None)
            yield cursor

    @contextmanager
    def _told(self, doing: str) -> Generator[None]:
        """Tell errors of the connector in our words."""
        self._connected()
        from snowflake import connector  # noqa: PLC0415 - has been imported by now

        try:
            yield
        except connector.OperationalError as error:
            fix = f"{error.raw_msg}. Look at the network, then sync again; nothing is lost."
            raise Unavailable(SYSTEM, f"{doing} in {self._login.target}", fix=fix) from error
        except connector.Error as error:
            raise self._refusal(error, doing) from error

    def _refusal(self, error: Any, doing: str) -> WarehouseError:
        code = error.errno if isinstance(error.errno, int) else -1
        where = f"{self._login.target}, while {doing}"
        if code in _BUSY:
            return WarehouseBusy(f"{where}: {_BUSY[code]}. Sync again; nothing is lost.")
        kind = NoSuchObject if code in _MISSING else WarehouseError
        if code == _THERE:
            kind = AlreadyThere
        return kind(f"{where}: {error.raw_msg.strip()} {_FIXES.get(code, '')}".rstrip())
