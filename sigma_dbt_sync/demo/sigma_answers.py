"""The shapes of Sigma's answers: its envelope for errors, its two styles of lists, its ids."""

import base64
import binascii
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from sigma_dbt_sync.demo.sigma_catalog import Path, WarehouseConnection

ORGANIZATION_ID = "6b6c2f6e-5d0e-4f43-9d2e-0a5f5f0f9a11"
USER_ID = "XmDvkcm6vYbYjBnxS5o1kQ9TjyCUE"
MOST_ROWS = 1000

_CREATED_AT = "2026-01-12T09:14:51.204Z"
_USUAL_PAGE = 50
_CODES = {
    HTTPStatus.BAD_REQUEST: "invalid_argument",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
}

Row = dict[str, Any]


class BadPage(Exception):
    """A size or token of a page that cannot be read."""


def refused(status: int, message: str) -> Response:
    """Say no as Sigma does."""
    code = _CODES.get(HTTPStatus(status), HTTPStatus(status).phrase.lower().replace(" ", "_"))
    body = {"requestId": str(uuid.uuid4()), "message": message, "code": code}
    return JSONResponse(body, status_code=status)


def by_page(rows: Sequence[Row], query: Mapping[str, str], *, most: int) -> Row:
    """Cut a page of style A: `limit` and `page` in, `nextPage` out, and no `hasMore`."""
    cut, following = _cut(rows, query.get("limit"), query.get("page"), most)
    return {"entries": cut, "nextPage": following, "total": len(rows)}


def by_page_token(rows: Sequence[Row], query: Mapping[str, str], *, most: int) -> Row:
    """Cut a page of style B: `pageSize` and `pageToken` in, `nextPageToken` out unless last."""
    cut, following = _cut(rows, query.get("pageSize"), query.get("pageToken"), most)
    return {"entries": cut} | ({"nextPageToken": following} if following else {})


def connection(one: WarehouseConnection) -> Row:
    """Show a connection."""
    return {
        "organizationId": ORGANIZATION_ID,
        "connectionId": one.id,
        "isSample": False,
        "isAuditLog": False,
        "lastActiveAt": _CREATED_AT,
        "name": one.name,
        "type": one.type,
        "useOauth": one.use_oauth,
        "createdBy": USER_ID,
        "updatedBy": USER_ID,
        "createdAt": _CREATED_AT,
        "updatedAt": _CREATED_AT,
        "isArchived": one.is_archived,
        "friendlyName": one.friendly_name,
        "writeAccess": False,
    }


def column(name: str, description: str | None) -> Row:
    """Show a column; `description` is left out when there is none."""
    told = {"name": name, "type": {"type": "text"}, "visibility": "included"}
    return told | ({"description": description} if description else {})


def url_id(connection_id: str, path: Path) -> str:
    """Make the 22 letters and digits that stand for a path in addresses."""
    digest = hashlib.sha256("\0".join((connection_id, *path)).encode()).digest()
    return base64.b64encode(digest, altchars=b"xy").decode()[:22]


def _cut(
    rows: Sequence[Row], size: str | None, token: str | None, most: int
) -> tuple[list[Row], str | None]:
    wanted = _USUAL_PAGE if size is None else int(size) if size.isdigit() else 0
    if not 1 <= wanted <= MOST_ROWS:
        raise BadPage(f"the size of a page is between 1 and {MOST_ROWS}")
    start = 0 if token is None else _read_token(token)
    end = start + min(wanted, most)
    return list(rows[start:end]), _token(end) if end < len(rows) else None


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from {offset}".encode()).decode()


def _read_token(token: str) -> int:
    try:
        word, _, offset = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "from":
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise BadPage("that is no page of this list")
