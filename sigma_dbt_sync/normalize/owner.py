"""Who owns a node, in whichever of the places and shapes a project writes it."""

import re
from collections.abc import Mapping
from typing import cast

from msgspec import Raw

from sigma_dbt_sync.artifacts.manifest import NULL, Owner
from sigma_dbt_sync.artifacts.values import json_object, plain
from sigma_dbt_sync.tables.spec import Json

_EMAIL = re.compile(r"[^@\s]+@[^@\s]")


def owner_of(
    meta: Json, group: str | None, owners: Mapping[str, Owner], stated: Raw = NULL
) -> tuple[str | None, str | None]:
    """Find the owner's name and e-mail: as stated, else in `meta.owner`, else the group's."""
    for told in (plain(stated), json_object(meta).get("owner")):
        found = _read(told)
        if found != (None, None):
            return found
    of_group = owners.get(group) if group else None
    return (of_group.name, _text(of_group.email)) if of_group else (None, None)


def _read(told: object) -> tuple[str | None, str | None]:
    """Read a text, a list of texts, or an object with name (or team) and email."""
    if isinstance(told, dict):
        owner = json_object(cast("object", told))
        return _text(owner.get("name")) or _text(owner.get("team")), _text(owner.get("email"))
    text = _text(cast("object", told)) if isinstance(told, str | list) else None
    return (None, text) if text and _EMAIL.match(text) else (text, None)


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = ", ".join(str(one) for one in cast("list[object]", value))
    return None if value is None or value == "" else str(value)
