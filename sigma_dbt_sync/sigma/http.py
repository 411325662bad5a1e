"""Asks Sigma one thing at a time: retries what may pass, words what will not.

Retried are transport errors, every 5xx and 429, also for POST: syncing a table twice does no harm.
Creating something twice does: that is asked for again only after a 429, which the edge answers.
A 401 gets one new token. Redirects are errors, because no endpoint has any and they could carry the
token away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import Any

import httpx

from sigma_dbt_sync.errors import RateLimited
from sigma_dbt_sync.sigma.documents import document_of
from sigma_dbt_sync.sigma.pauses import Pauses
from sigma_dbt_sync.sigma.payloads import Answer
from sigma_dbt_sync.sigma.refusals import (
    MANAGES_CONNECTIONS,
    SYSTEM,
    body_of,
    no_answer,
    refusal,
    request_id_of,
    unreadable,
)
from sigma_dbt_sync.sigma.token import AccessToken

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked so far, tokens included."""

    requests: int = 0
    rate_limited: int = 0


class Http:
    """Requests to one host; may be used by several threads at once."""

    def __init__(self, http: httpx.Client, token: AccessToken, *, pauses: Pauses) -> None:
        """Take a client that knows host and timeouts, and follows no redirect."""
        self._http = http
        self._token = token
        self._pauses = pauses
        self._counting = Lock()
        self._requests = 0
        self._rate_limited = 0

    @property
    def traffic(self) -> Traffic:
        """Requests and refusals so far."""
        return Traffic(
            requests=self._requests + self._token.requests,
            rate_limited=self._rate_limited + self._token.rate_limited,
        )

    def get(
        self,
        path: str,
        action: str,
        params: Params | None = None,
        *,
        needs: str = MANAGES_CONNECTIONS,
    ) -> dict[str, Any]:
        """Get a JSON object; `needs` says whose right it takes."""
        return self._object(self._retried("GET", path, action, needs=needs, params=params), action)

    def post(self, path: str, action: str, body: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Post a JSON object and get one."""
        return self._object(self._retried("POST", path, action, json=body), action)

    def tell(
        self, path: str, action: str, body: Mapping[str, Sequence[str]], params: Params | None
    ) -> Answer:
        """Post a JSON object to which nothing but a status is expected."""
        response = self._retried("POST", path, action, json=body, params=params)
        return Answer(response.status_code, request_id_of(response))

    def document(
        self,
        method: str,
        path: str,
        action: str,
        body: Mapping[str, Any] | None = None,
        *,
        needs: str,
        creates: bool = False,
    ) -> dict[str, Any]:
        """Exchange documents, which Sigma may write in YAML."""
        more = {} if body is None else {"json": body}
        response = self._retried(method, path, action, needs=needs, creates=creates, **more)
        found = document_of(response)
        if found is None:
            raise unreadable(response, action, "Its answer is no document.")
        return found

    def _retried(
        self,
        method: str,
        path: str,
        action: str,
        *,
        needs: str = MANAGES_CONNECTIONS,
        creates: bool = False,
        **more: Any,
    ) -> httpx.Response:
        def ask(token: str, attempt: int) -> httpx.Response:
            response = self._sent(method, path, action, token, **more)
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                pause = self._pauses.after_429(response, attempt)
                told = request_id_of(response)
                raise RateLimited(SYSTEM, action, wait_seconds=pause, request_id=told)
            if not response.is_success and response.status_code != HTTPStatus.UNAUTHORIZED:
                raise refusal(response, action, needs)
            return response

        token = self._token.current()
        retried = partial(self._pauses.retried, only_limits=creates)
        response = retried(partial(ask, token))
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            response = retried(partial(ask, self._token.replacing(token)))
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise refusal(response, action)
        return response

    def _sent(self, method: str, path: str, action: str, token: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            response = self._http.request(method, path, headers=headers, **more)
        except httpx.RequestError as cut:
            self._count(limited=False)
            raise no_answer(action, cut) from None
        self._count(limited=response.status_code == HTTPStatus.TOO_MANY_REQUESTS)
        return response

    def _count(self, *, limited: bool) -> None:
        with self._counting:
            self._requests += 1
            self._rate_limited += limited

    def _object(self, response: httpx.Response, action: str) -> dict[str, Any]:
        body = body_of(response)
        if body is None:
            raise unreadable(response, action, "Its answer is not the JSON it should be.")
        return body
