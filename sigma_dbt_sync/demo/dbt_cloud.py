"""dbt Cloud's Admin API, v2 and v3, over a demo account.

Only GET, as a read-only token allows; anything else answers 403. Paths, parameters and the envelope
follow dbt Labs' OpenAPI document and the clients that are known to work. Assumed, because no
document says so:

- the wording of 400, 401, 403 and 404 bodies; only the 403 for blocked addresses is documented;
- the target folder lives as long as the run, so a step also serves what earlier steps left in it
  (`sources.json` of the freshness step is still there at the docs step);
- an unknown `step` has no artifacts; the list of artifacts takes `step` as well;
- steps that never ran are shown as cancelled, without times;
- a path without its last slash is redirected to the one with it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sigma_dbt_sync.demo import company, payloads
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.listing import BadQuery, chosen_runs, included, page
from sigma_dbt_sync.demo.runs import Run

_JOB_STATES = {"active": {False}, "deleted": {True}, "all": {False, True}}


def dbt_cloud(account: Account) -> Starlette:
    """Make the app that serves `account`."""
    api = _Api(account)
    v2, v3 = "/api/v2/accounts/{account:int}", "/api/v3/accounts/{account:int}"
    routes = [
        Route("/api/v3/accounts/", api.accounts),
        Route(f"{v3}/projects/", api.projects),
        Route(f"{v3}/projects/{{project:int}}/environments/", api.environments),
        Route(f"{v3}/environments/", api.environments),
        Route("/api/v2/whoami/", api.whoami),
        Route(f"{v2}/", api.account),
        Route(f"{v2}/jobs/", api.jobs),
        Route(f"{v2}/jobs/{{job:int}}/", api.job),
        Route(f"{v2}/runs/", api.runs),
        Route(f"{v2}/runs/{{run:int}}/", api.run),
        Route(f"{v2}/runs/{{run:int}}/artifacts/", api.artifacts),
        Route(f"{v2}/runs/{{run:int}}/artifacts/{{path:path}}", api.artifact),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(GZipMiddleware, minimum_size=500, compresslevel=1),
            Middleware(_ReadOnlyToken),
        ],
        exception_handlers={HTTPException: _refused, BadQuery: _bad_query},
    )


class _Api:
    """The endpoints."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def accounts(self, request: Request) -> Response:
        return _list([payloads.account()], request.query_params)

    async def account(self, request: Request) -> Response:
        _check_account(request)
        return _one(payloads.account())

    async def whoami(self, _: Request) -> Response:
        token = {"id": 1, "name": "demo", "is_service_token": True}
        return _one({"user": None, "service_token": token, "account_id": ACCOUNT_ID})

    async def projects(self, request: Request) -> Response:
        _check_account(request)
        return _list([payloads.project()], request.query_params)

    async def environments(self, request: Request) -> Response:
        _check_account(request)
        if request.path_params.get("project", company.PROJECT_ID) != company.PROJECT_ID:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        rows = [payloads.environment(environment) for environment in company.ENVIRONMENTS]
        return _list(rows, request.query_params)

    async def jobs(self, request: Request) -> Response:
        _check_account(request)
        query = request.query_params
        state = query.get("state", "active")
        if state not in _JOB_STATES:
            raise BadQuery(f"state: {state}")
        rows = [
            payloads.job(job)
            for job in company.JOBS
            if job.deleted in _JOB_STATES[state]
            and query.get("environment_id", str(job.environment.id)) == str(job.environment.id)
            and query.get("project_id", str(company.PROJECT_ID)) == str(company.PROJECT_ID)
        ]
        return _list(rows, query)

    async def job(self, request: Request) -> Response:
        _check_account(request)
        found = [job for job in company.JOBS if job.id == request.path_params["job"]]
        if not found:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _one(payloads.job(found[0]))

    async def runs(self, request: Request) -> Response:
        _check_account(request)
        query = request.query_params
        found = chosen_runs(list(self._account.runs.values()), query)
        cut, extra = page(found, query)
        rows = [payloads.run(run, related=included(query)) for run in cut]
        return JSONResponse(_envelope(rows) | {"extra": extra})

    async def run(self, request: Request) -> Response:
        related = included(request.query_params)
        found = self._run(request)
        return _one(payloads.run(found, related=related, with_steps="run_steps" in related))

    async def artifacts(self, request: Request) -> Response:
        paths = self._run(request).paths(_step(request))
        return _one(paths or None)

    async def artifact(self, request: Request) -> Response:
        content = self._run(request).artifact(request.path_params["path"], _step(request))
        if content is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(content, media_type="application/json")

    def _run(self, request: Request) -> Run:
        _check_account(request)
        try:
            return self._account.runs[request.path_params["run"]]
        except KeyError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None


class _ReadOnlyToken:
    """Lets in whoever reads with the demo's token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            if kind not in {"Token", "Bearer"} or token != TOKEN:
                await _refusal(HTTPStatus.UNAUTHORIZED)(scope, receive, send)
                return
            if scope["method"] not in {"GET", "HEAD"}:
                await _refusal(HTTPStatus.FORBIDDEN)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _check_account(request: Request) -> None:
    if request.path_params["account"] != ACCOUNT_ID:
        raise HTTPException(HTTPStatus.NOT_FOUND)


def _step(request: Request) -> int | None:
    text = request.query_params.get("step")
    if text is None:
        return None
    if not text.isdigit() or text == "0":
        raise BadQuery(f"step: {text!r} is not a step's number")
    return int(text)


def _list(rows: list[dict[str, Any]], query: Mapping[str, str]) -> Response:
    cut, extra = page(rows, query)
    return JSONResponse(_envelope(cut) | {"extra": extra})


def _one(data: Any) -> Response:
    return JSONResponse(_envelope(data))


def _envelope(data: Any) -> dict[str, Any]:
    return {
        "data": data,
        "status": {
            "code": 200,
            "is_success": True,
            "user_message": "Success!",
            "developer_message": "",
        },
    }


def _refusal(status: int, why: str = "") -> Response:
    words = HTTPStatus(status).phrase
    data: dict[str, Any] = {}
    if status == HTTPStatus.FORBIDDEN:
        words = "Forbidden: Access denied"
        data = {"account_id": ACCOUNT_ID, "is_service_token": True, "account_access_denied": True}
    told = {"code": status, "is_success": False, "user_message": words, "developer_message": why}
    return JSONResponse({"status": told, "data": data}, status_code=status)


async def _refused(_: Request, error: Exception) -> Response:
    return _refusal(error.status_code if isinstance(error, HTTPException) else 500)


async def _bad_query(_: Request, error: Exception) -> Response:
    return _refusal(HTTPStatus.BAD_REQUEST, str(error))
