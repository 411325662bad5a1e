"""What Sigma's answers hold, as far as it is used.

Shapes follow Sigma's OpenAPI document; of every object only the id is insisted on, because fields
have come and gone. A field that is not what it should be counts as absent.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

Json = Mapping[str, Any]


class Answer(Struct, frozen=True):
    """That Sigma took a request: the status, and its id for Sigma's support where it is told."""

    http_status: int
    request_id: str | None = None


class Connection(Struct, frozen=True, kw_only=True):
    """A warehouse connection; `friendly_name` says whether Sigma renames `ORDER_ID` to Order Id."""

    connection_id: str
    name: str
    type: str
    use_oauth: bool = False
    friendly_name: bool = False
    is_archived: bool = False


class Inode(Struct, frozen=True, kw_only=True):
    """What stands at a path: its kind (`table`, `scope`, ...), its id, and the page people open."""

    kind: str
    inode_id: str
    url: str | None = None


class SigmaColumn(Struct, frozen=True, kw_only=True):
    """A column of a table as Sigma shows it; `visibility` is included, hidden or removed."""

    name: str
    description: str | None = None
    visibility: str = "included"


class Identity(Struct, frozen=True, kw_only=True):
    """Whose credentials are used."""

    user_id: str
    organization_id: str | None = None
    account_type: str | None = None


def read_connection(told: Json) -> Connection:
    """Read a connection."""
    return Connection(
        connection_id=_needed(told, "connectionId"),
        name=_text(told, "name") or _needed(told, "connectionId"),
        type=(_text(told, "type") or "").lower(),
        use_oauth=told.get("useOauth") is True,
        friendly_name=told.get("friendlyName") is True,
        is_archived=told.get("isArchived") is True,
    )


def read_inode(told: Json) -> Inode:
    """Read what a lookup found."""
    return Inode(
        kind=_text(told, "kind") or "",
        inode_id=_needed(told, "inodeId"),
        url=_text(told, "url"),
    )


def read_column(told: Json) -> SigmaColumn:
    """Read a column."""
    return SigmaColumn(
        name=_needed(told, "name"),
        description=_text(told, "description"),
        visibility=_text(told, "visibility") or "included",
    )


def read_identity(told: Json) -> Identity:
    """Read who we are."""
    return Identity(
        user_id=_needed(told, "userId"),
        organization_id=_text(told, "organizationId"),
        account_type=_text(told, "accountType"),
    )


def _needed(told: Json, name: str) -> str:
    text = _text(told, name)
    if text is None:
        raise ValueError(f"an object has no {name}")
    return text


def _text(told: Json, name: str) -> str | None:
    value: Any = told.get(name)
    return value if isinstance(value, str) and value else None
