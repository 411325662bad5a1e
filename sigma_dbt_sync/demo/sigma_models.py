"""The data models of the stand-in Sigma, and the folders they lie in.

Shapes follow Sigma's OpenAPI document. Seen in use, and done here alike: the spec endpoints answer
YAML unless JSON is asked for; a POST tells the new id and nothing about ids inside; a PUT applies
`pages` alone; more than five requests at once get the edge's 429.

Assumed, because no document says so: one right decides over reading, creating and updating; what is
archived is listed as such and no longer read; a member's `homeFolderId` is My Documents; the path
of a model is the name of its folder; and Sigma may leave out a column's name that it would choose
itself, because `name` is optional in its answers (`leaves_out_names`).
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import yaml
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sigma_dbt_sync.demo import sigma_answers as answers
from sigma_dbt_sync.demo.sigma_catalog import Organization
from sigma_dbt_sync.demo.sigma_model_rules import accepted, columns_of, parts_of, refused

Handler = Callable[[Request], Awaitable[Response]]

HOME = "5f3e2d1c-0b9a-4c8d-9e7f-6a5b4c3d2e1f"

_MOST_AT_ONCE = 5
_PAGE = 2
_APP = "https://app.sigmacomputing.com/demo/data-model"


@dataclass
class Model:
    """A data model as it is kept."""

    id: str
    name: str
    folder_id: str
    spec: dict[str, Any]
    version: int = 1
    is_archived: bool = False


@dataclass(eq=False)
class DataModels:
    """The data models of one organization; tests change any of it while it is served.

    `folders` are permissions by name and id, `may_publish` false takes the right away, and
    `seconds` is how long every request takes.
    """

    organization: Organization
    models: dict[str, Model] = field(default_factory=dict[str, Model])
    folders: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {HOME: ("My Documents", "edit")}
    )
    may_publish: bool = True
    tells_home: bool = True
    leaves_out_names: bool = False
    seconds: float = 0.0
    _at_once: int = 0

    def routes(self) -> list[Route]:
        """List the endpoints."""
        model = "/v2/dataModels/{model}"
        return [
            Route("/v2/dataModels", self._limited(self._listed)),
            Route("/v2/dataModels/spec", self._limited(self._create), methods=["POST"]),
            Route(f"{model}/spec", self._limited(self._update), methods=["PUT"]),
            Route(f"{model}/spec", self._limited(self._read)),
            Route(f"{model}/columns", self._limited(self._columns)),
            Route("/v2/files", self._folders),
            Route("/v2/members/{member}", self._member),
        ]

    def _limited(self, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            if self._at_once >= _MOST_AT_ONCE:
                return PlainTextResponse("error code: 1015", HTTPStatus.TOO_MANY_REQUESTS)
            self._at_once += 1
            try:
                await asyncio.sleep(self.seconds)
                return await handler(request)
            finally:
                self._at_once -= 1

        return handle

    async def _listed(self, request: Request) -> Response:
        rows = [
            {
                "dataModelId": model.id,
                "name": model.name,
                "url": f"{_APP}/{model.id}",
                "path": self.folders.get(model.folder_id, ("", ""))[0],
                "latestVersion": model.version,
                "ownerId": answers.USER_ID,
                "isArchived": model.is_archived,
            }
            for model in self.models.values()
        ]
        return JSONResponse(answers.by_page(rows, request.query_params, most=_PAGE))

    async def _create(self, request: Request) -> Response:
        body = await self._body(request)
        name, folder = body.get("name"), body.get("folderId")
        if not name or folder not in self.folders:
            raise refused("name and folderId are required")
        if self.folders[folder][1] != "edit":
            raise HTTPException(HTTPStatus.FORBIDDEN, "Cannot edit the folder")
        model = Model(str(uuid.uuid4()), name, folder, self._accepted(body, set()))
        self.models[model.id] = model
        return _document(request, {"success": True, "dataModelId": model.id})

    async def _update(self, request: Request) -> Response:
        model = self._model(request)
        body = await self._body(request)
        known = {part["id"] for part in parts_of(model.spec)}
        model.spec = self._accepted(body, known)
        model.version += 1
        return _document(request, {"success": True, "dataModelId": model.id})

    async def _read(self, request: Request) -> Response:
        model = self._model(request)
        told = {
            "dataModelId": model.id,
            "name": model.name,
            "url": f"{_APP}/{model.id}",
            "documentVersion": model.version,
            "latestDocumentVersion": model.version,
            "ownerId": answers.USER_ID,
            "folderId": model.folder_id,
            "createdAt": "2026-01-12T09:14:51.204Z",
            "schemaVersion": 1,
        }
        return _document(request, told | model.spec)

    async def _columns(self, request: Request) -> Response:
        model = self._model(request)
        rows = [
            column
            for page in model.spec["pages"]
            for element in page["elements"]
            for column in columns_of(element, self.organization)
        ]
        return JSONResponse(answers.by_page(rows, request.query_params, most=100))

    async def _folders(self, request: Request) -> Response:
        if request.query_params.get("typeFilters") != "folder":
            raise refused("only folders are listed here")
        rows = [
            {"id": folder_id, "name": name, "type": "folder", "path": "", "permission": permission}
            for folder_id, (name, permission) in self.folders.items()
        ]
        return JSONResponse(answers.by_page(rows, request.query_params, most=_PAGE))

    async def _member(self, request: Request) -> Response:
        member = request.path_params["member"]
        if member != answers.USER_ID or not self.tells_home:
            raise HTTPException(HTTPStatus.NOT_FOUND, "Member not found")
        return JSONResponse({"memberId": member, "homeFolderId": HOME})

    def _accepted(self, body: dict[str, Any], known: set[str]) -> dict[str, Any]:
        spec = accepted(body, self.organization, known)
        for part in parts_of(spec) if self.leaves_out_names else ():
            if part.get("formula", "").endswith(f"/{part.get('name')}]"):
                del part["name"]
        return spec

    def _model(self, request: Request) -> Model:
        model = self.models.get(request.path_params["model"])
        if model is None or model.is_archived:
            raise HTTPException(HTTPStatus.NOT_FOUND, "Data model not found")
        return model

    async def _body(self, request: Request) -> dict[str, Any]:
        if not self.may_publish:
            raise HTTPException(HTTPStatus.FORBIDDEN, "Missing permission")
        try:
            body: Any = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise refused("no document")
        return cast("dict[str, Any]", body)


def _document(request: Request, content: dict[str, Any]) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(content)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return Response(text, media_type="application/yaml")
