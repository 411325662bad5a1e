"""Snowflake: the warehouse of a team.

Every statement costs money while a warehouse runs, so nothing connects before there is something to
ask, and `Session` counts what is asked.
"""

from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa

from sigma_dbt_sync.docs_diff.comments import TableComments
from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.spec import Table
from sigma_dbt_sync.warehouse import sync_lock
from sigma_dbt_sync.warehouse.base import Batch, Counts, Identity, Place
from sigma_dbt_sync.warehouse.snowflake_access import Access, read_access
from sigma_dbt_sync.warehouse.snowflake_comments import read_comments
from sigma_dbt_sync.warehouse.snowflake_login import Login
from sigma_dbt_sync.warehouse.snowflake_publish import apply_batch
from sigma_dbt_sync.warehouse.snowflake_schema import Schema
from sigma_dbt_sync.warehouse.snowflake_session import Session
from sigma_dbt_sync.warehouse.views import View, load_views


class Snowflake:
    """The metadata tables in one Snowflake schema. Fulfils `base.Warehouse`."""

    def __init__(
        self,
        login: Login,
        *,
        tables: Sequence[Table[Any]] = ALL,
        views: Sequence[View] | None = None,
    ) -> None:
        """Connect to nothing yet."""
        self.target = login.target
        self._login = login
        self._session = Session(login)
        self._tables = tables
        schema = login.options["schema"]
        self._schema = Schema(schema, tables, load_views() if views is None else views)

    @property
    def statements(self) -> int | None:
        """How many statements were run so far, uploads included."""
        return self._session.statements

    def is_absent(self) -> bool:
        """Never certain without connecting."""
        return False

    def migrate(self) -> list[str]:
        """Create or extend tables and views where this version needs it; return what was done.

        Raises:
            SchemaMismatch: a column has another type; nothing is changed.
        """
        return self._schema.migrate(self._session)

    def identity(self) -> Identity:
        """Read the warehouse's id and generation."""
        ((warehouse_id, generation),) = self._session.run(sync_lock.IDENTITY)
        return Identity(warehouse_id, generation)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one SELECT."""
        return self._session.arrow(sql, parameters)

    def publish(self, batch: Batch) -> dict[str, Counts]:
        """Apply a batch in one transaction and raise the generation by one.

        Raises:
            BatchOutdated: the generation is not `batch.planned_at` any more; nothing is changed.
        """
        return apply_batch(self._session, batch, self._tables)

    def schema_for_sigma(self) -> tuple[str, str]:
        """Ask for the names as Snowflake holds them."""
        ((database, schema),) = self._session.run("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()")
        return database, schema

    def comments(self, places: Collection[Place]) -> dict[Place, TableComments]:
        """Read the comments of relations in any database of the account that the role sees."""
        return read_comments(self._session, places)

    def drop(self, *, keep: Collection[str] = ()) -> list[str]:
        """Drop tables and views, or only tables when some are to be kept; never the schema.

        The schema and the views carry grants that nobody but an administrator can give again.
        """
        return self._schema.drop(self._session, keep=keep)

    def access(self) -> Access:
        """Find out which grants the role lacks."""
        return read_access(self._session, self._login)

    def close(self) -> None:
        """Log out."""
        self._session.close()
