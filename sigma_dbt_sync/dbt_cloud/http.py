"""Asks dbt Cloud one thing at a time: retries what may pass, words what will not.

Retried here: transport errors, 5xx, and a 429 that asks for a short pause. A 429 with a long pause,
or none, means dbt Cloud's five-minute cool-down; only the caller can wait that long.
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Protocol, TypeVar, cast

import httpx
import stamina
from msgspec import MsgspecError, json

from sigma_dbt_sync.dbt_cloud.refusals import SYSTEM, refusal
from sigma_dbt_sync.errors import RateLimited, Unavailable, UnexpectedAnswer

ATTEMPTS = 4
SHORT_PAUSE_SECONDS = 20.0
COOL_DOWN_SECONDS = 300.0
"""What dbt Cloud documents for a 429 without Retry-After."""

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_GIVE_UP_AFTER_SECONDS = 120.0
_CHUNK = 256 * 1024

T = TypeVar("T")
Params = dict[str, str | int]


class Sink(Protocol):
    """Where a download goes; `restart` forgets what an attempt that broke off had written."""

    def restart(self) -> None:
        """Begin again with nothing."""
        ...

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


@dataclass(slots=True)
class Traffic:
    """What was asked so far."""

    requests: int = 0
    bytes: int = 0
    rate_limited: int = 0


class Http:
    """GET requests to one host; may be used by several threads at once."""

    def __init__(self, http: httpx.Client) -> None:
        """Take a client that knows host, token and timeouts."""
        self._http = http
        self._counting = Lock()
        self.traffic = Traffic()

    def json(self, path: str, action: str, params: Params | None = None) -> dict[str, Any]:
        """Get a JSON object."""
        return self._retried(lambda: self._json(path, action, params))

    def download(self, path: str, action: str, params: Params, into: Sink) -> int:
        """Stream a file into `into`, and say how many bytes it had."""
        return self._retried(lambda: self._download(path, action, params, into))

    def _retried(self, ask: Callable[[], T]) -> T:
        for attempt in stamina.retry_context(
            on=_pause, attempts=ATTEMPTS, timeout=_GIVE_UP_AFTER_SECONDS, wait_initial=0.5
        ):
            with attempt:
                return ask()
        raise AssertionError  # stamina either returns or raises

    def _json(self, path: str, action: str, params: Params | None) -> dict[str, Any]:
        try:
            response = self._http.get(path, params=params)
        except httpx.RequestError as cut:
            raise _no_answer(action, cut) from cut
        self._count(response)
        self._check(response, action)
        try:
            body: Any = json.decode(response.content)
        except MsgspecError:
            raise _not_json(action, response) from None
        if not isinstance(body, dict):
            raise _not_json(action, response)
        return cast("dict[str, Any]", body)

    def _download(self, path: str, action: str, params: Params, into: Sink) -> int:
        size = 0
        try:
            with self._http.stream("GET", path, params=params) as response:
                try:
                    if not response.is_success:
                        response.read()
                    self._check(response, action)
                    if "html" in response.headers.get("Content-Type", ""):
                        raise _not_json(action, response)
                    into.restart()
                    for chunk in response.iter_bytes(_CHUNK):
                        into.write(chunk)
                        size += len(chunk)
                finally:
                    self._count(response)
        except httpx.RequestError as cut:
            raise _no_answer(action, cut) from cut
        return size

    def _count(self, response: httpx.Response) -> None:
        with self._counting:
            self.traffic.requests += 1 + len(response.history)
            self.traffic.bytes += response.num_bytes_downloaded
            self.traffic.rate_limited += response.status_code == _TOO_MANY_REQUESTS

    def _check(self, response: httpx.Response, action: str) -> None:
        """Raise what an answer other than success means."""
        status = response.status_code
        if response.is_success:
            return
        if status == _TOO_MANY_REQUESTS:
            raise RateLimited(SYSTEM, action, wait_seconds=_seconds_to_wait(response))
        if status >= _SERVER_ERROR:
            raise Unavailable(
                SYSTEM, action, status=status, fix="It may be down; the next sync asks again."
            )
        raise refusal(status, action, response.content, host=response.url.host)


def _pause(error: Exception) -> bool | float:
    """Tell stamina whether, and after how many seconds, to try again."""
    if isinstance(error, RateLimited):
        return error.wait_seconds if error.wait_seconds <= SHORT_PAUSE_SECONDS else False
    return isinstance(error, Unavailable)


def _seconds_to_wait(response: httpx.Response) -> float:
    """Read Retry-After, given in seconds or as a date."""
    told = response.headers.get("Retry-After", "").strip()
    try:
        if told.isdigit():
            return float(told)
        pause = parsedate_to_datetime(told) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return COOL_DOWN_SECONDS
    return max(pause.total_seconds(), 0.0)


def _no_answer(action: str, cut: httpx.RequestError) -> Unavailable | UnexpectedAnswer:
    if isinstance(cut, httpx.TransportError):
        fix = f"Check the network and DBT_CLOUD_API_HOST ({type(cut).__name__})."
        return Unavailable(SYSTEM, action, fix=fix)
    return UnexpectedAnswer(
        SYSTEM,
        action,
        fix=f"Its answer cannot be followed or decoded ({type(cut).__name__}). "
        "Check DBT_CLOUD_API_HOST.",
    )


def _not_json(action: str, response: httpx.Response) -> UnexpectedAnswer:
    is_page = "html" in response.headers.get("Content-Type", "")
    what = "a web page, perhaps the login page" if is_page else "something that is not JSON"
    return UnexpectedAnswer(
        SYSTEM,
        action,
        status=response.status_code,
        fix=f"The answer from {response.url.host} is {what}. Set DBT_CLOUD_API_HOST to the access "
        "URL shown in dbt Cloud under Account settings.",
    )
