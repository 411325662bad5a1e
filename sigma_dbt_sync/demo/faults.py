"""Trouble on order: what a server on a bad day answers, and the log of what it was asked.

Used as the outermost layer of a stand-in, so that a fault also hits requests that would have been
refused or redirected. Knows nothing of dbt Cloud.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Fault:
    """What the next `times` requests get whose path, or path and query, matches `path`.

    With `cut` the connection breaks in the middle of the body.
    """

    path: str
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    times: int = 1
    cut: bool = False
    delay: float = 0.0


def edge_limit(path: str, *, times: int = 1) -> Fault:
    """Answer 429 as Cloudflare does: plain text, and no word on when to come back."""
    headers = {"Content-Type": "text/plain; charset=UTF-8", "Server": "cloudflare"}
    return Fault(path, status=429, headers=headers, body=b"error code: 1015", times=times)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and the status it was answered with."""

    method: str
    path: str
    query: dict[str, str]
    status: int


class Cut(Exception):
    """Raised to make the server drop a connection in the middle of an answer."""


class Faulty:
    """An app that logs every request, may be slow, and fails as told."""

    def __init__(self, app: ASGIApp, *, latency: float = 0.0) -> None:
        self._app = app
        self._latency = latency
        self.faults: list[Fault] = []
        self.requests: list[Request] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if self._latency:
            await asyncio.sleep(self._latency)
        try:
            fault = self._due(scope)
            if fault is None:
                await self._app(scope, receive, watched)
            else:
                await _fail(fault, watched)
        finally:
            query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
            self.requests.append(Request(scope["method"], scope["path"], query, status))

    def _due(self, scope: Scope) -> Fault | None:
        asked = f"{scope['path']}?{scope['query_string'].decode()}"
        for fault in self.faults:
            if re.search(fault.path, asked):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None


async def _fail(fault: Fault, send: Send) -> None:
    if fault.delay:
        await asyncio.sleep(fault.delay)
    length = len(fault.body) + (1 if fault.cut else 0)
    headers = {"content-type": "application/json", "content-length": str(length)}
    headers |= {name.lower(): value for name, value in fault.headers.items()}
    await send(
        {
            "type": "http.response.start",
            "status": fault.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": fault.body, "more_body": fault.cut})
    if fault.cut:
        raise Cut
