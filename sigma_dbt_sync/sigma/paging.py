"""Reads Sigma's lists, which come in two styles, to their end."""

from collections.abc import Callable, Iterator
from typing import Any, cast

from msgspec import Struct

from sigma_dbt_sync.errors import UnexpectedAnswer
from sigma_dbt_sync.sigma.payloads import Json
from sigma_dbt_sync.sigma.refusals import SYSTEM

PAGE = 1000

Fetch = Callable[[dict[str, str | int]], dict[str, Any]]


class Style(Struct, frozen=True):
    """Names of the parameters and of the field that holds the next page's token."""

    size: str
    token: str
    following: str


PAGES = Style("limit", "page", "nextPage")
"""Connections. `hasMore` is deprecated and not looked at."""
PAGE_TOKENS = Style("pageSize", "pageToken", "nextPageToken")
"""Columns of a table."""


def entries(fetch: Fetch, style: Style, action: str) -> Iterator[Json]:
    """Yield every object of a list; a token that comes back twice is an error, not a loop."""
    seen: set[str] = set()
    params: dict[str, str | int] = {style.size: PAGE}
    while True:
        body = fetch(params)
        found: Any = body.get("entries")
        if not isinstance(found, list):
            raise UnexpectedAnswer(SYSTEM, action, status=200, fix="Its answer holds no list.")
        for entry in cast("list[Any]", found):
            if not isinstance(entry, dict):
                fix = "Its list holds other things."
                raise UnexpectedAnswer(SYSTEM, action, status=200, fix=fix)
            yield cast("Json", entry)
        following: Any = body.get(style.following)
        if following is None or following == "":
            return
        token = str(following)
        if token in seen:
            fix = "It answered the same page again."
            raise UnexpectedAnswer(SYSTEM, action, status=200, fix=fix)
        seen.add(token)
        params[style.token] = token
