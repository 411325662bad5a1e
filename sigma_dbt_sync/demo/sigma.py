"""Sigma's REST API, the part that is about connections, over a demo organization.

Paths, parameters and shapes follow Sigma's OpenAPI document and the clients that are known to work.

What this assumes about Sigma, because no document says so:

- the bodies of 400, 403 and 404, and every `code` but that of a 401; a 429 comes from the edge
  proxy as plain text, without Retry-After;
- whose rights a sync needs: here any token may sync, except on an OAuth connection, which answers
  403 without `useServiceAccount=true`;
- a sync has happened when it answers, and answers 200;
- the sync of a table that the catalog lacks, or of a schema or database in which the connection
  sees nothing, answers 404; the sync of a schema needs none of its database before;
- a table that a schema sync discovers has columns without descriptions until its own sync;
- the sync of a schema forgets its dropped tables, and so does the sync of such a table;
- names in paths are compared with their case; a table has three of them, on Redshift two;
- `description` of a column is the annotation made in Sigma, else the comment of the warehouse;
- columns are listed by the names the warehouse has, whatever `friendlyName` says;
- `search` finds parts of names, without regard to case; archived connections are left out unless
  `includeArchived=true`;
- every answer carries `x-request-id`.
"""

import uuid
from http import HTTPStatus
from typing import Any, cast

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sigma_dbt_sync.demo import sigma_answers as answers
from sigma_dbt_sync.demo.sigma_catalog import (
    Organization,
    Path,
    Undiscovered,
    WarehouseConnection,
)
from sigma_dbt_sync.demo.sigma_models import DataModels
from sigma_dbt_sync.demo.sigma_tokens import Tokens

_TOKEN = "/v2/auth/token"  # noqa: S105 - a path
_APP = "https://app.sigmacomputing.com/demo/t"


def sigma(organization: Organization) -> Starlette:
    """Make the app that serves `organization`; `app.state` has its tokens and data models."""
    api, tokens, models = _Api(organization), Tokens(organization), DataModels(organization)
    connection = "/v2/connections/{connection}"
    app = Starlette(
        routes=[
            Route(_TOKEN, tokens.give, methods=["POST"]),
            Route("/v2/whoami", api.whoami),
            Route("/v2/connections", api.connections),
            Route("/v2/connection/{connection}/lookup", api.lookup, methods=["POST"]),
            Route("/v2/connections/paths/{inode}", api.path),
            Route("/v2/connections/tables/{inode}/columns", api.columns),
            Route(f"{connection}/sync", api.sync, methods=["POST"]),
            Route(connection, api.connection),
            *models.routes(),
        ],
        middleware=[Middleware(_RequestId), Middleware(_OnlyWithToken, tokens=tokens)],
        exception_handlers={
            HTTPException: _refused,
            answers.BadPage: _bad_request,
            Undiscovered: _undiscovered,
        },
    )
    app.router.redirect_slashes = False
    app.state.tokens = tokens
    app.state.data_models = models
    return app


class _Api:
    """The endpoints."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    async def whoami(self, _: Request) -> Response:
        return JSONResponse(
            {
                "userId": answers.USER_ID,
                "organizationId": answers.ORGANIZATION_ID,
                "accountType": "Admin",
            }
        )

    async def connections(self, request: Request) -> Response:
        query = request.query_params
        archived_too = query.get("includeArchived") == "true"
        rows = [
            answers.connection(one)
            for one in self._organization.connections
            if (archived_too or not one.is_archived)
            and query.get("search", "").casefold() in one.name.casefold()
        ]
        page = answers.by_page(rows, query, most=self._organization.connections_a_page)
        return JSONResponse(page)

    async def connection(self, request: Request) -> Response:
        return JSONResponse(answers.connection(self._connection(request)))

    async def lookup(self, request: Request) -> Response:
        connection = self._connection(request)
        path = await _path(request, connection)
        kind = connection.kind_of(path)
        if kind is None:
            raise Undiscovered(path)
        url_id = answers.url_id(connection.id, path)
        found = {"kind": kind, "inodeId": f"inode-{url_id}", "url": f"{_APP}/{url_id}"}
        return JSONResponse(found)

    async def sync(self, request: Request) -> Response:
        connection = self._connection(request)
        path = await _path(request, connection)
        if connection.use_oauth and request.query_params.get("useServiceAccount") != "true":
            raise HTTPException(HTTPStatus.FORBIDDEN, "Connection uses OAuth")
        self._organization.sync(connection, path)
        return JSONResponse({})

    async def path(self, request: Request) -> Response:
        connection, path = self._table(request)
        return JSONResponse({"connectionId": connection.id, "path": list(path)})

    async def columns(self, request: Request) -> Response:
        connection, path = self._table(request)
        rows = [answers.column(*column) for column in connection.columns(path)]
        most = self._organization.columns_a_page
        return JSONResponse(answers.by_page_token(rows, request.query_params, most=most))

    def _connection(self, request: Request) -> WarehouseConnection:
        wanted = request.path_params["connection"]
        for one in self._organization.connections:
            if one.id == wanted:
                return one
        raise HTTPException(HTTPStatus.NOT_FOUND, "Connection not found")

    def _table(self, request: Request) -> tuple[WarehouseConnection, Path]:
        wanted = request.path_params["inode"].removeprefix("inode-")
        for connection in self._organization.connections:
            for path in connection.indexed:
                if answers.url_id(connection.id, path) == wanted:
                    return connection, path
        raise HTTPException(HTTPStatus.NOT_FOUND, "Table not found")


class _OnlyWithToken:
    """Lets in whoever holds a token, and everybody to the place where tokens are given."""

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != _TOKEN:
            told = Headers(scope=scope).get("authorization", "")
            if not self._tokens.opens(told):
                refusal = answers.refused(HTTPStatus.UNAUTHORIZED, "Token missing or malformed")
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _RequestId:
    """Adds `x-request-id` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = str(uuid.uuid4())
            await send(message)

        await self._app(scope, receive, labelled)


async def _path(request: Request, connection: WarehouseConnection) -> Path:
    """Read `{"path": [...]}`, from none to as many names as a table has."""
    try:
        body: Any = await request.json()
    except ValueError:
        body = None
    told: Any = cast("dict[str, Any]", body).get("path") if isinstance(body, dict) else None
    listed = cast("list[Any]", told) if isinstance(told, list) else [None]
    names = tuple(name for name in listed if isinstance(name, str) and name)
    if len(names) != len(listed) or len(names) > connection.depth:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Invalid path")
    return names


def _refused(_: Request, error: Exception) -> Response:
    told = cast("HTTPException", error)
    return answers.refused(told.status_code, told.detail)


def _bad_request(_: Request, error: Exception) -> Response:
    return answers.refused(HTTPStatus.BAD_REQUEST, str(error))


def _undiscovered(_: Request, __: Exception) -> Response:
    return answers.refused(HTTPStatus.NOT_FOUND, "Path not found")
