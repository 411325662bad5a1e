"""The endpoints about data models: finding them, and reading and writing them as documents.

Paths and bodies follow Sigma's OpenAPI document. An update takes the whole model and applies its
pages alone; ids that Sigma gave must stay, others become new parts.
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from sigma_dbt_sync.errors import AccessDenied, NotFound, UnexpectedAnswer
from sigma_dbt_sync.sigma.http import Http
from sigma_dbt_sync.sigma.paging import PAGES, entries
from sigma_dbt_sync.sigma.payloads import Json
from sigma_dbt_sync.sigma.refusals import SYSTEM

_AT = "/v2/dataModels"
_MODELS_RIGHT = (
    'Give the owner of SIGMA_CLIENT_ID an account type with "Create, edit, and publish data '
    'models", and "Can edit" on the folder and the data model.'
)
_NOT_TAKEN = (
    "It does not take the document. Something that people made may rest on what is gone: open the "
    "model in Sigma and repair what shows an error, or publish another with --model and a name."
)
_MAY_EDIT = {"contribute", "edit", "organize", "owner"}


class ListedModel(Struct, frozen=True, kw_only=True):
    """A data model as it is listed; `path` is the folder it lies in, as people read it."""

    id: str
    name: str
    path: str = ""
    url: str | None = None


class Folder(Struct, frozen=True, kw_only=True):
    """A folder; `permission` is that of whoever owns the credentials."""

    id: str
    name: str
    path: str = ""
    permission: str | None = None

    @property
    def full_name(self) -> str:
        """The folder with what it lies in."""
        return "/".join(filter(None, (self.path, self.name)))

    @property
    def is_editable(self) -> bool:
        """Whether something may be put there, as far as is told."""
        return self.permission is None or self.permission in _MAY_EDIT


class DataModels:
    """The data models of an organization, as far as the credentials see them."""

    def __init__(self, http: Http) -> None:
        """Take the requests of a client."""
        self._http = http

    def listed(self) -> list[ListedModel]:
        """List the data models that are not archived."""
        action = "listing data models"
        found = entries(partial(self._http.get, _AT, action, needs=_MODELS_RIGHT), PAGES, action)
        return [
            ListedModel(
                id=_text(one, "dataModelId", action),
                name=str(one.get("name") or ""),
                path=str(one.get("path") or ""),
                url=one.get("url"),
            )
            for one in found
            if one.get("isArchived") is not True
        ]

    def read(self, model_id: str) -> dict[str, Any]:
        """Read a data model, with the ids that Sigma gave its parts.

        Raises:
            NotFound: it is not there, or hidden from the credentials.
        """
        return self._document("GET", self._spec(model_id), f"reading the data model {model_id}")

    def create(self, spec: Mapping[str, Any]) -> str:
        """Create a data model and return its id.

        Raises:
            NotFound: Sigma does not know a table it reads (status 400).
            AccessDenied: the credentials may not.
        """
        action = f"creating the data model {spec['name']}"
        told = self._document("POST", f"{_AT}/spec", action, spec, creates=True)
        return _text(told, "dataModelId", action)

    def update(self, model_id: str, spec: Mapping[str, Any]) -> None:
        """Replace a data model by this one.

        Raises:
            NotFound: Sigma does not know a table it reads (status 400), or the model (404).
            AccessDenied: the credentials may not.
        """
        action = f"updating the data model {spec['name']}"
        self._document("PUT", self._spec(model_id), action, spec)

    def broken_columns(self, model_id: str) -> list[str] | None:
        """Name the columns that Sigma cannot compute; None when it does not let them be listed.

        Sigma takes a document with formulas that lead nowhere, and shows an error in their place.
        """
        action = f"listing the columns of the data model {model_id}"
        fetch = partial(self._http.get, f"{_AT}/{_part(model_id)}/columns", action)
        try:
            found = list(entries(fetch, PAGES, action))
        except (AccessDenied, NotFound):
            return None
        return [str(one.get("name")) for one in found if _type(one) == "error"]

    def folders(self) -> list[Folder]:
        """List the folders."""
        action = "listing folders"

        def fetch(params: dict[str, str | int]) -> dict[str, Any]:
            return self._http.get("/v2/files", action, params | {"typeFilters": "folder"})

        return [
            Folder(
                id=_text(one, "id", action),
                name=str(one.get("name") or ""),
                path=str(one.get("path") or ""),
                permission=one.get("permission"),
            )
            for one in entries(fetch, PAGES, action)
            if one.get("isArchived") is not True
        ]

    def home_folder(self, user_id: str) -> str | None:
        """Find the id of a user's My Documents; None when Sigma does not tell."""
        action = "looking for the folder My Documents"
        try:
            told = self._http.get(f"/v2/members/{_part(user_id)}", action)
        except (AccessDenied, NotFound):
            return None
        found: Any = told.get("homeFolderId")
        return found if isinstance(found, str) and found else None

    def _document(
        self,
        method: str,
        path: str,
        action: str,
        body: Mapping[str, Any] | None = None,
        *,
        creates: bool = False,
    ) -> dict[str, Any]:
        try:
            return self._http.document(
                method, path, action, body, needs=_MODELS_RIGHT, creates=creates
            )
        except UnexpectedAnswer as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            raise UnexpectedAnswer(
                SYSTEM, action, status=error.status, fix=_NOT_TAKEN, request_id=error.request_id
            ) from None

    @staticmethod
    def _spec(model_id: str) -> str:
        return f"{_AT}/{_part(model_id)}/spec"


def _text(told: Json, name: str, action: str) -> str:
    found: Any = told.get(name)
    if not isinstance(found, str) or not found:
        fix = f"In its answer, an object has no {name}."
        raise UnexpectedAnswer(SYSTEM, action, status=200, fix=fix)
    return found


def _type(column: Json) -> str:
    """Read a type, which comes as a text or nested in an object of the same name."""
    told: Any = column.get("type")
    while isinstance(told, dict):
        told = told.get("type")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return str(told).lower()  # pyright: ignore[reportUnknownArgumentType]


def _part(text: str) -> str:
    """Keep an id of Sigma's inside its place in the address."""
    return quote(text, safe="")
