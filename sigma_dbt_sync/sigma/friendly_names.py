"""Names columns as Sigma does on a connection with friendly names: `ORDER_ID` is Order Id.

Sigma publishes no rule. This one is what its own migration scripts have seen it do (2026-06):
words of the underscored name, each with a capital, but small words stay small unless they are
first. Where it should err nothing breaks: Sigma was seen to read any spelling with the same
letters, and to write its own instead.
"""

_SMALL = frozenset(
    "a an and as at but by for in into nor of on or per so the to up via yet".split()  # noqa: SIM905
)


def friendly(name: str) -> str:
    """Write a column's name as people read it: `DAYS_TO_SHIP` as Days to Ship."""
    words = [word for word in name.lower().split("_") if word]
    return " ".join(
        word if place and word in _SMALL else word.capitalize() for place, word in enumerate(words)
    )


def folded(name: str) -> str:
    """Reduce a name to what every spelling of it has in common."""
    return "".join(c for c in name if c.isalnum()).casefold()
