"""Words what a person should do when Sigma says no.

Nothing a server says is repeated but its request id, and only if it looks like one. Sigma publishes
no list of error codes; what is known of its statuses stands in the code below.
"""

import re
from http import HTTPStatus
from typing import Any, cast

import httpx
from msgspec import MsgspecError, json

from sigma_dbt_sync.errors import (
    AccessDenied,
    NotFound,
    ServiceError,
    Unavailable,
    UnexpectedAnswer,
)

SYSTEM = "Sigma"
MANAGES_CONNECTIONS = (
    'Give the owner of SIGMA_CLIENT_ID the permission "Can use & annotate" on the connection, and '
    'an account type with "Manage connections".'
)
_SOURCE_NOT_FOUND = "Source not found"
_AGAIN = "It may be down; the next delivery asks again."
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")


def refusal(
    response: httpx.Response, action: str, needs: str = MANAGES_CONNECTIONS
) -> ServiceError:
    """Make the error for any answer but 2xx and 429; `needs` says which right a 403 asks for."""
    status, host = response.status_code, response.url.host
    request_id = request_id_of(response)
    if status == HTTPStatus.UNAUTHORIZED:
        return rejected_credentials(status, action, host=host, request_id=request_id)
    if status == HTTPStatus.FORBIDDEN:
        fix = needs if body_of(response) else _blocked(host)
        return AccessDenied(SYSTEM, action, status=status, fix=fix, request_id=request_id)
    if status == HTTPStatus.NOT_FOUND:
        fix = f"It does not exist, its user may not see it, or SIGMA_API_HOST ({host}) is wrong."
        return NotFound(SYSTEM, action, status=status, fix=fix, request_id=request_id)
    if status == HTTPStatus.BAD_REQUEST and _SOURCE_NOT_FOUND in response.text:
        fix = "A table it reads is unknown to Sigma: sync its schema, and check the grants."
        return NotFound(SYSTEM, action, status=status, fix=fix, request_id=request_id)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(SYSTEM, action, status=status, fix=_AGAIN, request_id=request_id)
    fix = f"Check SIGMA_API_HOST ({host}); if it is right, the API has changed."
    return UnexpectedAnswer(SYSTEM, action, status=status, fix=fix, request_id=request_id)


def rejected_credentials(
    status: int, action: str, *, host: str, request_id: str | None = None
) -> AccessDenied:
    """Make the error for credentials, or a token, that Sigma does not know."""
    return AccessDenied(
        SYSTEM,
        action,
        status=status,
        fix="SIGMA_CLIENT_ID or SIGMA_CLIENT_SECRET is wrong or revoked, or they belong to another "
        f"host than {host} (Administration, Developer Access shows SIGMA_API_HOST).",
        request_id=request_id,
    )


def no_answer(action: str, cut: httpx.RequestError) -> Unavailable | UnexpectedAnswer:
    """Make the error for a request without a readable answer."""
    kind = type(cut).__name__
    if isinstance(cut, httpx.TransportError):
        return Unavailable(SYSTEM, action, fix=f"Check the network and SIGMA_API_HOST ({kind}).")
    return UnexpectedAnswer(
        SYSTEM, action, fix=f"Its answer cannot be decoded ({kind}). Check SIGMA_API_HOST."
    )


def unreadable(response: httpx.Response, action: str, why: str) -> UnexpectedAnswer:
    """Make the error for an answer of 2xx that says something else than it should."""
    return UnexpectedAnswer(
        SYSTEM,
        action,
        status=response.status_code,
        fix=f"{why} Check SIGMA_API_HOST ({response.url.host}).",
        request_id=request_id_of(response),
    )


def body_of(response: httpx.Response) -> dict[str, Any] | None:
    """Read a JSON object; None for anything else, such as a page of the edge proxy."""
    try:
        body: Any = json.decode(response.content)
    except MsgspecError:
        return None
    return cast("dict[str, Any]", body) if isinstance(body, dict) else None


def request_id_of(response: httpx.Response) -> str | None:
    """Find Sigma's id of the request, in the header or the body."""
    told: Any = response.headers.get("x-request-id") or (body_of(response) or {}).get("requestId")
    return told if isinstance(told, str) and _REQUEST_ID.fullmatch(told) else None


def _blocked(host: str) -> str:
    return (
        f"What answered at {host} is not Sigma's API but something before it, such as an edge "
        "proxy: see whether this machine's address is allowed."
    )
