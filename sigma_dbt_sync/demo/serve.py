"""Runs a stand-in on a local port, in a thread of its own or until interrupted.

The port is bound before anything starts, so its number is known and nobody else can take it. Which
app is served, and what it knows, is not decided here.
"""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.dbt_cloud import dbt_cloud
from sigma_dbt_sync.demo.faults import Fault, Faulty, Request

_PATIENCE = 10.0  # seconds for a thread that only has to start or stop


@dataclass(frozen=True, slots=True)
class Server:
    """A running stand-in."""

    url: str
    requests: list[Request]
    faults: list[Fault]


@contextmanager
def running(
    account: Account, *, port: int = 0, latency: float = 0.0
) -> Generator[Server, None, None]:
    """Serve `account` as dbt Cloud while the block runs; port 0 takes a free one."""
    with serving(dbt_cloud(account), port=port, latency=latency) as server:
        yield server


@contextmanager
def serving(app: ASGIApp, *, port: int = 0, latency: float = 0.0) -> Generator[Server, None, None]:
    """Serve any app while the block runs."""
    faulty = Faulty(app, latency=latency)
    listener, url = _bound(port)
    uvicorn_server = _Announcing(_config(faulty))
    thread = threading.Thread(
        target=uvicorn_server.run, kwargs={"sockets": [listener]}, name=f"demo {url}", daemon=True
    )
    thread.start()
    try:
        if not uvicorn_server.ready.wait(_PATIENCE):
            raise TimeoutError(f"the demo server at {url} did not start")
        yield Server(url, faulty.requests, faulty.faults)
    finally:
        uvicorn_server.should_exit = True
        thread.join(_PATIENCE)
        listener.close()


def serve_until_interrupted(account: Account, *, port: int, latency: float = 0.0) -> None:
    """Serve `account` as dbt Cloud in this thread until Ctrl-C."""
    listener, _ = _bound(port)
    with listener:
        app = Faulty(dbt_cloud(account), latency=latency)
        uvicorn.Server(_config(app)).run(sockets=[listener])


class _Announcing(uvicorn.Server):
    """Says when it accepts requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then let the waiting thread go on."""
        await super().startup(sockets)
        self.ready.set()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", ws="none")


def _bound(port: int) -> tuple[socket.socket, str]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"
