"""Makes Sigma look at one table again, and reads back whether it shows the new descriptions.

Sigma syncs only the level it is asked for: a schema sync discovers tables, and only a table sync
brings comments. It returns nothing to wait for, so the column list is the only evidence; for the
description of a table itself there is none.
"""

import time
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

from msgspec import Struct, structs

from sigma_dbt_sync.errors import AccessDenied, NotFound, ServiceError, SyncError
from sigma_dbt_sync.sigma.client import SigmaClient
from sigma_dbt_sync.sigma.discovery import Discovery
from sigma_dbt_sync.sigma.payloads import Connection, Inode
from sigma_dbt_sync.sigma.polling import Polling
from sigma_dbt_sync.sigma.shown import Shown, named

State = Literal["confirmed", "accepted", "unconfirmed", "not_in_sigma", "denied", "retry", "failed"]

_SHORTER_PATHS = {"redshift": 2}
"""Kinds of connection whose paths have no database; the others take all three names."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A table, and what Sigma should show of it afterwards.

    `path` is database (empty where the warehouse has none), schema and identifier; `columns` maps
    column names to descriptions; every name as the warehouse holds it. Where the description is
    empty, Sigma should show none.
    """

    path: tuple[str, ...]
    columns: Mapping[str, str] = {}
    relation_description: str | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """How one table went.

    confirmed: Sigma shows every description. accepted: it took the sync, and nothing can be read
    back. unconfirmed: it took the sync and shows another text. not_in_sigma: it cannot see the
    table. denied: it refuses our credentials. retry: it may work later. failed: the rest.
    `http_status` and `request_id` are those of the sync, or of what failed.
    """

    state: State
    expected_columns: int
    http_status: int | None = None
    request_id: str | None = None
    inode_id: str | None = None
    sigma_url: str | None = None
    verified_columns: int | None = None
    differing: tuple[str, ...] = ()
    """Columns of which Sigma shows another description."""
    error: str | None = None


class TableSync:
    """Syncs tables of one connection; may be used by several threads at once."""

    def __init__(
        self,
        client: SigmaClient,
        connection: Connection,
        *,
        read_back_seconds: float = 30.0,
        discovery_seconds: float = 10.0,
        polling: Polling | None = None,
    ) -> None:
        """Say how long descriptions, and tables of a schema just synced, are waited for."""
        self._client = client
        self._connection = connection
        self._read_back_seconds = read_back_seconds
        self._polling = polling or Polling()
        self._discovery = Discovery(
            client, connection, seconds=discovery_seconds, polling=self._polling
        )

    def run(self, wanted: Wanted, *, read_back_first: bool = False) -> Outcome:
        """Sync one table and tell how it went; trouble of one table is an outcome, not an error.

        With `read_back_first`, after a crash that may have come after the sync, nothing is sent
        when Sigma shows every description.
        """
        told = Outcome(state="failed", expected_columns=len(wanted.columns))
        names = tuple(filter(None, wanted.path))
        path = names[-_SHORTER_PATHS.get(self._connection.type, len(names)) :]
        try:
            inode = self._discovery.find(path)
            if inode is None:
                return self._not_in_sigma(told, path)
            told = _with(told, inode_id=inode.inode_id, sigma_url=inode.url)
            if read_back_first and self._shows_all(wanted, inode):
                return _with(told, state="confirmed", verified_columns=len(wanted.columns))
            try:
                answer = self._client.sync(self._connection, path)
            except NotFound:
                return self._not_in_sigma(told, path)
            told = _with(told, http_status=answer.http_status, request_id=answer.request_id)
            return self._read_back(wanted, inode, told)
        except SyncError as error:
            return _failed(told, error)

    def _shows_all(self, wanted: Wanted, inode: Inode) -> bool:
        if not wanted.columns:
            return False
        try:
            return not self._differing(wanted, inode)
        except (AccessDenied, NotFound):  # it cannot be read; the sync may be possible all the same
            return False

    def _read_back(self, wanted: Wanted, inode: Inode, told: Outcome) -> Outcome:
        """Wait until Sigma shows what it should, and say whether it does."""
        if not wanted.columns:
            return _with(told, state="accepted")
        deadline = time.monotonic() + self._read_back_seconds
        look = partial(self._differing, wanted, inode)
        try:
            differing = self._polling.until(deadline, look, lambda names: not names)
        except (AccessDenied, NotFound) as error:
            words = f"Sigma took the sync, but does not let its columns be read back. {error}"
            return _with(told, state="accepted", error=words)
        if not differing:
            return _with(told, state="confirmed", verified_columns=len(wanted.columns))
        return _with(
            told,
            state="unconfirmed",
            verified_columns=len(wanted.columns) - len(differing),
            differing=tuple(differing),
            error="Sigma took the sync, but does not show the description that the warehouse "
            f"should have for {named(differing)}. One that was written in Sigma may win over the "
            "warehouse's: delete it there.",
        )

    def _differing(self, wanted: Wanted, inode: Inode) -> list[str]:
        columns = self._client.columns(inode.inode_id)
        shown = Shown(columns, friendly=self._connection.friendly_name)
        return shown.differing(wanted.columns)

    def _not_in_sigma(self, told: Outcome, path: tuple[str, ...]) -> Outcome:
        table, schema = ".".join(path), ".".join(path[:-1])
        return _with(
            told,
            state="not_in_sigma",
            http_status=int(HTTPStatus.NOT_FOUND),
            error=f"Sigma sees no {table} on the connection {self._connection.name}, not even "
            f"after a sync of {schema}. GRANT SELECT on it, and USAGE on {schema}, to the "
            "connection's role, and check that SIGMA_CONNECTION is where dbt builds.",
        )


def _failed(told: Outcome, error: SyncError) -> Outcome:
    if isinstance(error, AccessDenied):
        told = _with(told, state="denied")
    elif error.retryable:
        told = _with(told, state="retry")
    if isinstance(error, ServiceError):
        told = _with(told, http_status=error.status, request_id=error.request_id)
    return _with(told, error=str(error))


def _with(told: Outcome, **changes: Any) -> Outcome:
    return structs.replace(told, **changes)
