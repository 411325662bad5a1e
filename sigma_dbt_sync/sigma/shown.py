"""Compares the descriptions a table should have with those Sigma shows."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from sigma_dbt_sync.sigma.payloads import SigmaColumn

_NAMED = 3


class Shown:
    """The columns of one table in Sigma, found by the names the warehouse has for them.

    Case is forgiven where that leaves no doubt. On a connection with friendly names blanks and
    underscores are too: whether the API then says `ORDER_ID` or Order Id is not documented.
    """

    def __init__(self, columns: Iterable[SigmaColumn], *, friendly: bool) -> None:
        """Take what Sigma lists."""
        found = list(columns)
        folds = (str, str.casefold, _letters) if friendly else (str, str.casefold)
        self._by_fold = [(fold, _unambiguous(found, fold)) for fold in folds]

    def differing(self, wanted: Mapping[str, str]) -> list[str]:
        """Name the columns that Sigma shows with another description, or does not show."""
        return [name for name, text in wanted.items() if _plain(self._of(name)) != _plain(text)]

    def _of(self, name: str) -> str | None:
        for fold, described in self._by_fold:
            if fold(name) in described:
                return described[fold(name)]
        return None


def named(columns: list[str]) -> str:
    """List the first few columns, and how many more there are."""
    more = len(columns) - _NAMED
    listed = ", ".join(columns[:_NAMED])
    return f"{listed} and {more} more" if more > 0 else listed


def _unambiguous(columns: list[SigmaColumn], fold: Callable[[str], str]) -> dict[str, str | None]:
    often = Counter(fold(column.name) for column in columns)
    return {
        fold(column.name): column.description for column in columns if often[fold(column.name)] == 1
    }


def _letters(name: str) -> str:
    return "".join(c for c in name if c.isalnum()).casefold()


def _plain(text: str | None) -> str:
    """Forget how lines end, and blanks around the text: warehouses do not keep them."""
    return "\n".join((text or "").replace("\r\n", "\n").split("\r")).strip()
