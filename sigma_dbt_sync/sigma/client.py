"""The Sigma endpoints this package calls.

Paths and bodies follow Sigma's OpenAPI document. Mind that lookup lives under `connection`, and
everything else under `connections`: the plural lookup answers 404.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import httpx

from sigma_dbt_sync.errors import ConfigurationError, NotFound, UnexpectedAnswer
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import payloads
from sigma_dbt_sync.sigma.data_models import DataModels
from sigma_dbt_sync.sigma.http import Http, Traffic
from sigma_dbt_sync.sigma.paging import PAGE_TOKENS, PAGES, entries
from sigma_dbt_sync.sigma.pauses import Pauses
from sigma_dbt_sync.sigma.payloads import (
    Answer,
    Connection,
    Identity,
    Inode,
    Json,
    SigmaColumn,
)
from sigma_dbt_sync.sigma.refusals import SYSTEM
from sigma_dbt_sync.sigma.token import AccessToken

_TIMEOUT = httpx.Timeout(60, connect=10)
_NEEDED = ("sigma_api_host", "sigma_client_id", "sigma_client_secret")

T = TypeVar("T")


class SigmaClient:
    """Reads and syncs one Sigma organization; may be used by several threads at once."""

    def __init__(
        self,
        http: httpx.Client,
        *,
        client_id: str,
        client_secret: str,
        pauses: Pauses | None = None,
    ) -> None:
        """Take an HTTP client that knows the host and follows no redirect."""
        chosen = pauses or Pauses()
        token = AccessToken(http, client_id, client_secret, pauses=chosen)
        self._http = Http(http, token, pauses=chosen)

    @property
    def traffic(self) -> Traffic:
        """Requests and refusals so far."""
        return self._http.traffic

    @property
    def data_models(self) -> DataModels:
        """The data models, and the folders they lie in."""
        return DataModels(self._http)

    def whoami(self) -> Identity:
        """Say whose credentials are used."""
        action = "asking who we are"
        return _readable(payloads.read_identity, self._http.get("/v2/whoami", action), action)

    def connections(self) -> list[Connection]:
        """List the connections that are not archived."""
        action = "listing connections"
        fetch = partial(self._http.get, "/v2/connections", action)
        found = [
            _readable(payloads.read_connection, entry, action)
            for entry in entries(fetch, PAGES, action)
        ]
        return [connection for connection in found if not connection.is_archived]

    def connection(self, name_or_id: str) -> Connection:
        """Find a connection by its name or id.

        Raises:
            NotFound: there is none; the message names those that exist.
            ConfigurationError: two have that name.
        """
        wanted = name_or_id.strip()
        known = self.connections()
        found = [connection for connection in known if connection.connection_id == wanted]
        found = found or [connection for connection in known if connection.name == wanted]
        if len(found) > 1:
            ids = " or ".join(connection.connection_id for connection in found)
            raise ConfigurationError(
                f"Sigma has {len(found)} connections named {wanted}. "
                f"Set SIGMA_CONNECTION to the id of the one that is meant: {ids}."
            )
        if not found:
            names = ", ".join(sorted(connection.name for connection in known)) or "none"
            raise NotFound(
                SYSTEM,
                f"looking for the connection {wanted}",
                status=200,
                fix=f"Set SIGMA_CONNECTION to one that the credentials see: {names}.",
            )
        return found[0]

    def lookup(self, connection: Connection, path: Sequence[str]) -> Inode | None:
        """Find what stands at a path; None when Sigma has not indexed it or has no grant on it."""
        action = f"looking up {'.'.join(path)}"
        at = f"/v2/connection/{_part(connection.connection_id)}/lookup"
        try:
            told = self._http.post(at, action, {"path": list(path)})
        except NotFound:
            return None
        return _readable(payloads.read_inode, told, action)

    def sync(self, connection: Connection, path: Sequence[str]) -> Answer:
        """Have Sigma look at exactly this level again: a table's columns, a schema's tables.

        Raises:
            NotFound: Sigma has not discovered what stands there.
        """
        action = f"syncing {'.'.join(path) or connection.name}"
        at = f"/v2/connections/{_part(connection.connection_id)}/sync"
        params = {"useServiceAccount": "true"} if connection.use_oauth else None
        return self._http.tell(at, action, {"path": list(path)}, params)

    def columns(self, inode_id: str) -> list[SigmaColumn]:
        """List the columns of a table as Sigma shows them.

        Raises:
            NotFound: there is no such table.
        """
        action = f"reading the columns of {inode_id}"
        fetch = partial(self._http.get, f"/v2/connections/tables/{_part(inode_id)}/columns", action)
        found = entries(fetch, PAGE_TOKENS, action)
        return [_readable(payloads.read_column, entry, action) for entry in found]


@contextmanager
def open_sigma(settings: Settings, *, pauses: Pauses | None = None) -> Generator[SigmaClient]:
    """Open a client for the organization that the settings name.

    Raises:
        ConfigurationError: a setting that it takes is missing.
    """
    host, client_id, secret = (
        settings.sigma_api_host,
        settings.sigma_client_id,
        settings.sigma_client_secret,
    )
    if host is None or client_id is None or secret is None:
        raise ConfigurationError(_unset(settings))
    # At INFO httpx logs every address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    headers = {"Accept": "application/json"}
    with httpx.Client(base_url=host, headers=headers, timeout=_TIMEOUT) as http:
        yield SigmaClient(
            http,
            client_id=client_id.strip(),
            client_secret=secret.get_secret_value().strip(),
            pauses=pauses,
        )


def _unset(settings: Settings) -> str:
    unset = [name.upper() for name in _NEEDED if getattr(settings, name) is None]
    if len(unset) == len(_NEEDED):
        return "Sigma is not configured: nothing is sent to it. sigma-dbt-sync configure asks."
    return (
        f"Sigma is configured only in part: set {' and '.join(unset)}, or unset the other SIGMA_ "
        "settings."
    )


def _readable(read: Callable[[Json], T], told: Json, action: str) -> T:
    try:
        return read(told)
    except ValueError as wrong:
        raise UnexpectedAnswer(SYSTEM, action, status=200, fix=f"In its answer, {wrong}.") from None


def _part(text: str) -> str:
    """Keep an id of Sigma's inside its place in the address."""
    return quote(text, safe="")
