"""Reads what Sigma's spec endpoints answer: JSON when asked for it, now and then YAML."""

from typing import Any, cast

import httpx
import yaml

from sigma_dbt_sync.sigma.refusals import body_of

_DATE = "tag:yaml.org,2002:timestamp"
_BOOLEAN = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """Reads what JSON can say: a date stays a text, and so does a bare yes, no, on or off."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != _DATE and (tag != _BOOLEAN or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def document_of(response: httpx.Response) -> dict[str, Any] | None:
    """Read an object; None for anything else, such as a page of the edge proxy."""
    found = body_of(response)
    if found is not None or "html" in response.headers.get("content-type", ""):
        return found
    try:
        read: Any = yaml.load(response.text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return None
    return cast("dict[str, Any]", read) if isinstance(read, dict) else None
