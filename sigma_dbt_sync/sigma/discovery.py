"""Finds tables in Sigma; a schema with tables it does not know yet is synced, once.

A table sync answers 404 until the table is discovered, which is what the sync of its schema does.
"""

import time
from functools import partial
from threading import Lock

from sigma_dbt_sync.errors import NotFound
from sigma_dbt_sync.sigma.client import SigmaClient
from sigma_dbt_sync.sigma.payloads import Connection, Inode
from sigma_dbt_sync.sigma.polling import Polling

Path = tuple[str, ...]


class Discovery:
    """The tables of one connection; may be used by several threads at once."""

    def __init__(
        self, client: SigmaClient, connection: Connection, *, seconds: float, polling: Polling
    ) -> None:
        """Say how many seconds after the sync of its schema a table may still turn up."""
        self._client = client
        self._connection = connection
        self._seconds = seconds
        self._polling = polling
        self._syncing = Lock()
        self._deadlines: dict[Path, float] = {}

    def find(self, table: Path) -> Inode | None:
        """Find a table, if need be after a sync of its schema; None when Sigma cannot see it."""
        look = partial(self._client.lookup, self._connection, table)
        found = look()
        if found is not None:
            return found
        return self._polling.until(self._deadline(table[:-1]), look, lambda seen: seen is not None)

    def _deadline(self, schema: Path) -> float:
        """Sync a schema unless that was done; say until when its tables may turn up."""
        with self._syncing:
            if schema not in self._deadlines:
                patience = self._seconds
                try:
                    self._client.sync(self._connection, schema)
                except NotFound:  # Sigma does not see the schema either: nothing will turn up
                    patience = 0.0
                self._deadlines[schema] = time.monotonic() + patience
            return self._deadlines[schema]
