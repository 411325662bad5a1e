"""The dbt Cloud endpoints this package reads.

Every request is a GET to a path with a trailing slash (artifacts have none), so that no redirect is
needed; redirects are followed nevertheless, and the token stays with its own origin.
"""

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, TypeVar, cast

import httpx
from msgspec import Struct, json

from sigma_dbt_sync.artifacts.account import Environment, Job, Project
from sigma_dbt_sync.artifacts.run_entry import ArtifactKind, Run, Step
from sigma_dbt_sync.dbt_cloud import payloads
from sigma_dbt_sync.dbt_cloud.http import Http, Params, Sink, Traffic
from sigma_dbt_sync.dbt_cloud.paging import (
    Fetch,
    RunPage,
    pages_by_id,
    readable,
    rows_by_offset,
    rows_of,
)
from sigma_dbt_sync.dbt_cloud.payloads import Account, Json
from sigma_dbt_sync.dbt_cloud.refusals import SYSTEM
from sigma_dbt_sync.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    UnexpectedAnswer,
)
from sigma_dbt_sync.settings import Settings

PARALLEL_REQUESTS = 8
_TIMEOUT = httpx.Timeout(120, connect=10)
_DEFAULT_HOST = "https://cloud.getdbt.com"
_DETAIL = "trigger,job,environment,run_steps"
_TODAY_COUNTS = timedelta(days=1)

T = TypeVar("T")


class Seen(Struct, frozen=True, kw_only=True):
    """What a token was able to see."""

    account_id: int
    account_name: str | None
    projects: tuple[Project, ...]
    runs: int
    newest_run_id: int | None


class DbtCloudClient:
    """Reads one account; may be used by several threads at once."""

    def __init__(
        self, http: httpx.Client, *, account_id: int | None = None, link_host: str = _DEFAULT_HOST
    ) -> None:
        """Take an HTTP client that knows host and token; `link_host` is for links people click."""
        self._http = Http(http)
        self._account_id = account_id
        self._link_host = link_host
        self._finding = Lock()

    @property
    def traffic(self) -> Traffic:
        """Requests, bytes and refusals so far."""
        return self._http.traffic

    def account_id(self) -> int:
        """Say which account is read; without a setting, the only one that the token sees."""
        with self._finding:
            if self._account_id is None:
                self._account_id = self._only_account().id
            return self._account_id

    def accounts(self) -> list[Account]:
        """List the accounts the token sees."""
        action = "listing accounts"
        fetch = partial(self._list, "/api/v3/accounts/", action)
        return _all(payloads.read_account, fetch, action)

    def projects(self) -> list[Project]:
        """List projects."""
        action = "listing projects"
        fetch = partial(self._list, f"{self._path(3)}/projects/", action)
        return _all(payloads.read_project, fetch, action)

    def environments(self, project_id: int) -> list[Environment]:
        """List the environments of a project."""
        action = f"listing environments of project {project_id}"
        fetch = partial(self._list, f"{self._path(3)}/projects/{project_id}/environments/", action)
        read = partial(payloads.read_environment, project_id=project_id)
        return _all(read, fetch, action)

    def jobs(self) -> list[Job]:
        """List jobs, deleted ones too."""
        action = "listing jobs"
        more = {"state": "all", "include_related": "custom_environment_variables"}
        fetch = partial(self._list, f"{self._path(2)}/jobs/", action, more=more)
        return _all(payloads.read_job, fetch, action)

    def first_run_id(self, *, created_since: datetime, now: datetime) -> int | None:
        """Find the lowest id among the runs created since then; None when there is no run."""
        action = f"looking for the first run since {created_since:%Y-%m-%d}"
        # A JSON list of naive UTC stamps: with an offset, dbt Cloud looks at the date alone.
        span = [_naive(created_since), _naive(now + _TODAY_COUNTS)]
        params: Params = {"order_by": "id", "limit": 1}
        params["created_at__range"] = json.encode(span).decode()
        body = self._list(f"{self._path(2)}/runs/", action, params)
        rows, _ = rows_of(body, action)
        return readable(self._run, rows[0], action).id if rows else None

    def runs(self, after_id: int) -> Iterator[RunPage]:
        """Yield pages of the runs with a greater id, lowest first."""
        action = f"listing runs after {after_id}"
        more = {"include_related": "trigger,job"}
        fetch = partial(self._list, f"{self._path(2)}/runs/", action, more=more)
        return pages_by_id(fetch, after_id, self._run, action)

    def run(self, run_id: int) -> tuple[Run, tuple[Step, ...]]:
        """Read a run with its steps.

        Raises:
            NotFound: it was deleted, or the token may not see it.
        """
        action = f"reading run {run_id}"
        params: Params = {"include_related": _DETAIL}
        body = self._http.json(f"{self._path(2)}/runs/{run_id}/", action, params)
        data: Any = body.get("data")
        if not isinstance(data, dict):
            raise UnexpectedAnswer(SYSTEM, action, status=200, fix="Its answer holds no run.")
        told = cast("Json", data)
        run = readable(self._run, told, action)
        if run.id != run_id:
            raise UnexpectedAnswer(SYSTEM, action, status=200, fix=f"It answered run {run.id}.")
        return run, payloads.read_steps(told)

    def artifact(self, run_id: int, kind: ArtifactKind, step: int, into: Sink) -> int:
        """Stream one artifact of a step into `into`, and say how many bytes it had.

        Raises:
            NotFound: the step has none, or none yet.
        """
        path = f"{self._path(2)}/runs/{run_id}/artifacts/{kind}.json"
        action = f"reading {kind}.json of run {run_id}, step {step}"
        return self._http.download(path, action, {"step": step}, into)

    def check(self) -> Seen:
        """Find out with few requests whether the token can read what a sync needs."""
        action = "listing runs"
        newest: Params = {"order_by": "-id", "limit": 1}
        rows, total = rows_of(self._list(f"{self._path(2)}/runs/", action, newest), action)
        return Seen(
            account_id=self.account_id(),
            account_name=self._account_name(),
            projects=tuple(self.projects()),
            runs=len(rows) if total is None else total,
            newest_run_id=readable(self._run, rows[0], action).id if rows else None,
        )

    def _account_name(self) -> str | None:
        try:
            named = {account.id: account.name for account in self.accounts()}
        except (AccessDenied, NotFound):  # not every token may list accounts
            return None
        return named.get(self.account_id())

    def _only_account(self) -> Account:
        found = self.accounts()
        if not found:
            raise AccessDenied(
                SYSTEM,
                "listing accounts",
                status=200,
                fix="The token sees no account. Set DBT_CLOUD_ACCOUNT_ID, or use another token.",
            )
        if len(found) > 1:
            listed = ", ".join(f"{account.id} ({account.name})" for account in found)
            raise ConfigurationError(
                "The token sees several dbt Cloud accounts. "
                f"Set DBT_CLOUD_ACCOUNT_ID to one of: {listed}."
            )
        return found[0]

    def _path(self, version: int) -> str:
        return f"/api/v{version}/accounts/{self.account_id()}"

    def _run(self, told: Json) -> Run:
        return payloads.read_run(told, account_id=self.account_id(), host=self._link_host)

    def _list(
        self, path: str, action: str, params: Params, *, more: dict[str, str] | None = None
    ) -> dict[str, Any]:
        return self._http.json(path, action, {**params, **(more or {})})


def _all(read: Callable[[Json], T], fetch: Fetch, action: str) -> list[T]:
    return [readable(read, row, action) for row in rows_by_offset(fetch, action)]


def _naive(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


@contextmanager
def open_client(settings: Settings) -> Generator[DbtCloudClient]:
    """Open a client for the account that the settings name.

    Raises:
        ConfigurationError: there is no token, or it cannot be one.
    """
    host = settings.dbt_cloud_api_host
    headers = {"Authorization": f"Token {_token(settings)}", "Accept": "*/*"}
    limits = httpx.Limits(max_connections=2 * PARALLEL_REQUESTS, keepalive_expiry=60)
    # At INFO httpx logs every address, and artifacts may redirect to one that is signed.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with httpx.Client(
        base_url=host, headers=headers, timeout=_TIMEOUT, limits=limits, follow_redirects=True
    ) as http:
        yield DbtCloudClient(
            http,
            account_id=settings.dbt_cloud_account_id,
            link_host=host if host.startswith("https://") else _DEFAULT_HOST,
        )


def _token(settings: Settings) -> str:
    if settings.dbt_cloud_service_token is None:
        raise ConfigurationError("DBT_CLOUD_SERVICE_TOKEN is not set.")
    token = settings.dbt_cloud_service_token.get_secret_value().strip()
    token = token.removeprefix("Token ").removeprefix("Bearer ").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            "DBT_CLOUD_SERVICE_TOKEN cannot be a dbt Cloud token: it is empty, or holds blanks or "
            "characters outside ASCII."
        )
    return token
