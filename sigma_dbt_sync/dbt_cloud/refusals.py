"""Words what a person should do when dbt Cloud says no.

Nothing a server or a token says is repeated: the words are ours, so they can go into any log.
"""

from http import HTTPStatus
from typing import Any, cast

from msgspec import MsgspecError, json

from sigma_dbt_sync.errors import AccessDenied, NotFound, ServiceError, UnexpectedAnswer

SYSTEM = "dbt Cloud"


def refusal(status: int, action: str, body: bytes, *, host: str) -> ServiceError:
    """Make the error for an answer of 3xx or 4xx."""
    if status == HTTPStatus.UNAUTHORIZED:
        return AccessDenied(
            SYSTEM,
            action,
            status=status,
            fix="DBT_CLOUD_SERVICE_TOKEN is wrong, expired, or belongs to another host than "
            f"{host} (DBT_CLOUD_API_HOST must be the access URL of the token's account).",
        )
    if status == HTTPStatus.FORBIDDEN:
        return AccessDenied(SYSTEM, action, status=status, fix=_why_forbidden(body))
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(
            SYSTEM,
            action,
            status=status,
            fix="It does not exist, or the token may not see it. Check DBT_CLOUD_ACCOUNT_ID and "
            "the projects the token was given.",
        )
    return UnexpectedAnswer(
        SYSTEM,
        action,
        status=status,
        fix=f"Check DBT_CLOUD_API_HOST ({host}); if it is right, the API has changed.",
    )


def _why_forbidden(body: bytes) -> str:
    if _is_blocked_address(body):
        return (
            "The account restricts IP addresses: add this machine's address to the allow list "
            "(Account settings, IP restrictions)."
        )
    return (
        "Give the token the permission set Read-Only, Account Viewer or Job Viewer for all "
        "projects to sync; Metadata Only is not enough."
    )


def _is_blocked_address(body: bytes) -> bool:
    try:
        told: Any = json.decode(body)
    except MsgspecError:
        return False
    data: Any = cast("dict[str, Any]", told).get("data") if isinstance(told, dict) else None
    if not isinstance(data, dict):
        return False
    return cast("dict[str, Any]", data).get("account_access_denied") is True
