"""Keeps one access token: minted when needed, again before it ends, at most one a second.

Sigma documents two ways to send the credentials, and clients of both kinds are in use: the Basic
header is tried first, the form when it is refused. Tokens are minted anew, never refreshed, which
is one way to fail less.
"""

import time
from http import HTTPStatus
from threading import Lock
from typing import Any

import httpx

from sigma_dbt_sync.errors import RateLimited
from sigma_dbt_sync.sigma.pauses import Pauses
from sigma_dbt_sync.sigma.refusals import (
    SYSTEM,
    body_of,
    no_answer,
    refusal,
    rejected_credentials,
    request_id_of,
    unreadable,
)

_PATH = "/v2/auth/token"
_ACTION = "asking for a token"
_USUAL_SECONDS = 3600.0
_USED_FOR = 5 / 6  # of its life; the rest is for clocks and slow answers
_GRANT = {"grant_type": "client_credentials"}
_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}


class AccessToken:
    """The token of one client; may be used by several threads at once."""

    def __init__(
        self, http: httpx.Client, client_id: str, client_secret: str, *, pauses: Pauses
    ) -> None:
        self._http = http
        self._id = client_id
        self._secret = client_secret
        self._pauses = pauses
        self._minting = Lock()
        self._token: str | None = None
        self._ends_at = 0.0
        self._asked_at: float | None = None
        self._in_form = False
        self.requests = 0
        self.rate_limited = 0

    def current(self) -> str:
        """Return a token that is still good for a while."""
        with self._minting:
            if self._token is None or time.monotonic() >= self._ends_at:
                self._token = self._mint()
            return self._token

    def replacing(self, refused: str) -> str:
        """Return another token than one that Sigma refused; threads that come later share it."""
        with self._minting:
            if self._token == refused:
                self._token = self._mint()
        return self.current()

    def _mint(self) -> str:
        response = self._pauses.retried(self._ask)
        if response.status_code in _REFUSED and not self._in_form:
            self._in_form = True
            response = self._pauses.retried(self._ask)
        status = response.status_code
        if status in _REFUSED:
            self._in_form = False
            raise rejected_credentials(
                status, _ACTION, host=response.url.host, request_id=request_id_of(response)
            )
        body = body_of(response) or {}
        token: Any = body.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise unreadable(response, _ACTION, "Its answer holds no token.")
        life: Any = body.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else _USUAL_SECONDS
        self._ends_at = time.monotonic() + seconds * _USED_FOR
        return token

    def _ask(self, attempt: int) -> httpx.Response:
        """Send the credentials one way; redirects are not followed, they would carry them away."""
        self._wait_for_turn()
        self.requests += 1
        try:
            if self._in_form:
                form = _GRANT | {"client_id": self._id, "client_secret": self._secret}
                response = self._http.post(_PATH, data=form)
            else:
                response = self._http.post(_PATH, data=_GRANT, auth=(self._id, self._secret))
        except httpx.RequestError as cut:
            raise no_answer(_ACTION, cut) from None
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self.rate_limited += 1
            pause = self._pauses.after_429(response, attempt)
            raise RateLimited(
                SYSTEM, _ACTION, wait_seconds=pause, request_id=request_id_of(response)
            )
        if not response.is_success and response.status_code not in _REFUSED:
            raise refusal(response, _ACTION)
        return response

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if self._asked_at is not None:
            time.sleep(max(0.0, self._asked_at + self._pauses.between_tokens - now))
        self._asked_at = time.monotonic()
