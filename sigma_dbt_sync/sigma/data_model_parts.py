"""Finds in a model as Sigma holds it the parts that were published, whatever they are called now.

A part is an element, a column, a metric or a relationship. It is known by the id that Sigma gave
it when it was published; where nothing is remembered of it, by what it reads: an element by its
view, a column by the view's column, a metric by its formula or all its words, a relationship by
what it connects. Ids are trusted as long as one of them is still there: should Sigma ever give new
ones, everything is found again by what it reads.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from msgspec import Struct, field

from sigma_dbt_sync.sigma.data_model import Metric, Relationship
from sigma_dbt_sync.sigma.data_model_spec import (
    Values,
    WantedElement,
    metric_values,
    relationship_values,
)
from sigma_dbt_sync.sigma.friendly_names import folded

Parts = dict[str, Values]

_COLUMN_OF_SOURCE = re.compile(r"\s*\[[^\[\]/]+/([^\[\]/]+)\]\s*")
_REFERENCE = re.compile(r"\[([^\[\]]+)\]")


class Remembered(Struct, frozen=True):
    """A part that was published: its id, what was sent, and how Sigma showed that right after."""

    id: str
    sent: Values = field(default_factory=dict[str, Any])
    shown: Values = field(default_factory=dict[str, Any])


Memory = Mapping[str, Remembered]


def element_key(view: str) -> str:
    """Name an element."""
    return view


def column_key(view: str, column: str) -> str:
    """Name a column."""
    return f"{view}/{column}"


def metric_key(view: str, metric: Metric) -> str:
    """Name a metric."""
    return f"{view}#{metric.name}"


def relationship_key(view: str, relationship: Relationship) -> str:
    """Name a relationship."""
    return f"{view}>{relationship.name}"


def elements_of(spec: Mapping[str, Any]) -> Iterator[Values]:
    """List the elements of all pages."""
    for page in _objects(spec, "pages"):
        yield from _objects(page, "elements")


def reads_view(element: Mapping[str, Any], view: str) -> bool:
    """Whether an element shows this view, in whatever database and schema."""
    source: Any = element.get("source")
    if not isinstance(source, dict):
        return False
    told = cast("Values", source)
    path: Any = told.get("path")
    if told.get("kind") != "warehouse-table" or not isinstance(path, list) or not path:
        return False
    return str(cast("list[Any]", path)[-1]).casefold() == view


def name_of(part: Mapping[str, Any]) -> str:
    """Say what a column is called; unnamed ones are called as in their source."""
    if part.get("name"):
        return str(part["name"])
    found = _COLUMN_OF_SOURCE.fullmatch(str(part.get("formula", "")))
    return found[1] if found else ""


def same_formula(one: Any, other: Any) -> bool:
    """Whether two formulas differ in nothing but blanks and the spelling of names."""
    return isinstance(one, str) and isinstance(other, str) and _plain(one) == _plain(other)


def locate(
    spec: Mapping[str, Any], wanted: Sequence[WantedElement], memory: Memory
) -> dict[str, Values]:
    """Find what is there of the wanted parts; the objects are those of `spec`, not copies."""
    found: Parts = {}
    searches = [(element_key(one.view), _reader(one.view, one.values["name"])) for one in wanted]
    _find(list(elements_of(spec)), searches, memory, found)
    for one in wanted:
        element = found.get(element_key(one.view))
        if element is not None:
            _find_inside(element, one, memory, found)
    for one in wanted:
        element = found.get(element_key(one.view))
        if element is not None:
            links = [
                (relationship_key(one.view, each), _link(one.view, each, found))
                for each in one.element.relationships
            ]
            _find(_objects(element, "relationships"), links, memory, found)
    return found


def column_names(view: str, found: Mapping[str, Values]) -> dict[str, str]:
    """Say what the columns of a view are called in the model."""
    return {column: name_of(part) for column, part in _columns(view, found)}


def column_ids(view: str, found: Mapping[str, Values]) -> dict[str, str]:
    """Say what ids the columns of a view have in the model."""
    return {column: str(part["id"]) for column, part in _columns(view, found)}


Matches = Callable[[Values], int]
"""How well a part fits: 0 not at all, else the greater the better."""


def _find(
    parts: Sequence[Values],
    searches: Iterable[tuple[str, Matches]],
    memory: Memory,
    found: Parts,
) -> None:
    searched = list(searches)
    by_id = {str(part["id"]): part for part in parts if part.get("id")}
    remembered = {key: memory[key].id for key, _ in searched if key in memory}
    ids_hold = any(part_id in by_id for part_id in remembered.values())
    free = dict(by_id)
    for key, part_id in remembered.items():
        if part_id in free:
            found[key] = free.pop(part_id)
    for key, matches in searched:
        if key in found or (key in remembered and ids_hold):
            continue
        best = max(free.values(), key=matches, default=None)
        if best is not None and matches(best):
            found[key] = free.pop(str(best["id"]))


def _find_inside(element: Values, one: WantedElement, memory: Memory, found: Parts) -> None:
    view = one.view
    columns = [
        (column_key(view, wanted.column), _source_column(wanted.column)) for wanted in one.columns
    ]
    _find(_objects(element, "columns"), columns, memory, found)
    names = column_names(view, found)
    metrics = [(metric_key(view, metric), _metric(metric, names)) for metric in one.element.metrics]
    _find(_objects(element, "metrics"), metrics, memory, found)


def _reader(view: str, name: str) -> Matches:
    return lambda part: reads_view(part, view) * (1 + (part.get("name") == name))


def _source_column(column: str) -> Matches:
    def matches(part: Values) -> int:
        read = _COLUMN_OF_SOURCE.fullmatch(str(part.get("formula", "")))
        return int(read is not None and folded(read[1]) == folded(column))

    return matches


def _metric(metric: Metric, names: Mapping[str, str]) -> Matches:
    try:
        formula = metric_values(metric, names)["formula"]
    except KeyError:  # a column it counts on is gone
        formula = None

    def matches(part: Values) -> int:
        is_named = part.get("name") == metric.name
        if same_formula(part.get("formula"), formula):
            return 2 + is_named
        return int(is_named and part.get("description") == metric.description)

    return matches


def _link(view: str, relationship: Relationship, found: Parts) -> Matches:
    target = found.get(element_key(relationship.view), {})
    try:
        wanted = relationship_values(
            relationship,
            str(target.get("id")),
            column_ids(view, found),
            column_ids(relationship.view, found),
        )
    except KeyError:  # one of its columns is gone
        return lambda _: 0
    return lambda part: all(part.get(what) == wanted[what] for what in ("targetElementId", "keys"))


def _columns(view: str, found: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    prefix = column_key(view, "")
    for key, part in found.items():
        if key.startswith(prefix):
            yield key.removeprefix(prefix), part


def _objects(holder: Mapping[str, Any], name: str) -> list[Values]:
    told: Any = holder.get(name)
    listed = cast("list[Any]", told) if isinstance(told, list) else []
    return [cast("Values", one) for one in listed if isinstance(one, dict)]


def _plain(formula: str) -> str:
    def plain(reference: re.Match[str]) -> str:
        return "[" + "/".join(folded(part) for part in reference[1].split("/")) + "]"

    return "".join(_REFERENCE.sub(plain, formula).split())
