"""DuckDB: the warehouse in a file, the default.

DuckDB gives a file to one process at a time. So the file is opened by the first call that needs it,
held for one step, and closed.
"""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from sigma_dbt_sync.docs_diff.comments import TableComments
from sigma_dbt_sync.errors import BatchOutdated, WarehouseBusy, WarehouseError
from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.spec import Table
from sigma_dbt_sync.warehouse import sync_lock
from sigma_dbt_sync.warehouse.base import Batch, Counts, Identity, Place
from sigma_dbt_sync.warehouse.duckdb_comments import read_comments
from sigma_dbt_sync.warehouse.duckdb_file import SCHEMA, open_file, transaction
from sigma_dbt_sync.warehouse.duckdb_publish import apply_batch
from sigma_dbt_sync.warehouse.duckdb_schema import Schema
from sigma_dbt_sync.warehouse.views import View, load_views


class DuckDB:
    """The metadata tables in one DuckDB file. Fulfils `base.Warehouse`."""

    def __init__(
        self,
        path: Path,
        *,
        tables: Sequence[Table[Any]] = ALL,
        views: Sequence[View] | None = None,
        wait_seconds: float = 60.0,
    ) -> None:
        """Open nothing yet; `wait_seconds` is how long to wait for another process."""
        self.target = f"duckdb:{path}"
        self._path = path
        self._tables = tables
        self._schema = Schema(tables, load_views() if views is None else views)
        self._wait_seconds = wait_seconds
        self._open: duckdb.DuckDBPyConnection | None = None

    @property
    def statements(self) -> int | None:
        """Nobody pays for statements in a file."""
        return None

    def is_absent(self) -> bool:
        """Whether the file is not there."""
        return not self._path.exists()

    def migrate(self) -> list[str]:
        """Create the file, tables and views, or extend them; return what was done.

        Raises:
            SchemaMismatch: a column has another type; nothing is changed.
        """
        with self._connected("making tables and views", create=True) as con:
            if self._schema.is_in(con):
                return []
            with transaction(con):
                return self._schema.migrate(con)

    def identity(self) -> Identity:
        """Read the warehouse's id and generation."""
        with self._connected("reading sync_lock") as con:
            ((warehouse_id, generation),) = con.execute(sync_lock.IDENTITY).fetchall()
            return Identity(warehouse_id, generation)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one SELECT; the answer is complete, so nothing stays open."""
        with self._connected("answering a query") as con:
            found = con.sql(sql, params=list(parameters) or None).to_arrow_table()
            return found.cast(pa.schema(map(_in_64_bits, found.schema)))

    def publish(self, batch: Batch) -> dict[str, Counts]:
        """Apply a batch in one transaction and raise the generation by one.

        Raises:
            BatchOutdated: the generation is not `batch.planned_at` any more; nothing is changed.
        """
        with self._connected("publishing") as con:
            try:
                with transaction(con):
                    return apply_batch(con, batch, self._tables)
            except duckdb.TransactionException as error:
                raise BatchOutdated(f"Another sync published at the same time: {error}") from error

    def schema_for_sigma(self) -> None:
        """Sigma reaches no file."""
        return

    def comments(self, places: Collection[Place]) -> dict[Place, TableComments]:
        """Read the comments of relations in this very file, should dbt build there too."""
        with self._connected("reading comments") as con:
            return read_comments(con, places)

    def drop(self, *, keep: Collection[str] = ()) -> list[str]:
        """Drop tables and views, and the schema unless something else is left in it."""
        if self.is_absent():
            return []
        with self._connected("dropping tables and views", create=True) as con:
            with transaction(con):
                dropped = self._schema.drop(con, keep)
            con.execute("SET schema = 'main'")
            with suppress(duckdb.DependencyException):
                con.execute(f"DROP SCHEMA IF EXISTS {SCHEMA}")
        self.close()
        return dropped

    def close(self) -> None:
        """Give the file to other processes."""
        if self._open:
            self._open.close()
            self._open = None

    @contextmanager
    def _connected(
        self, doing: str, *, create: bool = False
    ) -> Generator[duckdb.DuckDBPyConnection]:
        if self._open is None:
            self._open = open_file(self._path, wait_seconds=self._wait_seconds, create=create)
        try:
            yield self._open
        except duckdb.TransactionException as error:
            raise WarehouseBusy(f"{self.target} is being written: {error}") from error
        except duckdb.Error as error:
            raise WarehouseError(f"{self.target}, while {doing}: {error}") from error


def _in_64_bits(field: Any) -> Any:
    """Tell a sum of integers, which DuckDB gives 128 bits, as the integer it is in Snowflake."""
    is_integer = pa.types.is_decimal(field.type) and not field.type.scale
    return field.with_type(pa.int64()) if is_integer else field
