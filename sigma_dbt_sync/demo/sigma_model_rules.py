"""What the stand-in Sigma makes of a data model it is sent: it refuses, corrects, gives ids.

Seen by people who use Sigma's spec endpoints, and done here alike:

- the prefix of a column's formula is the last part of its table's path;
- a table that the connection has not indexed is refused: 400 `Source not found: ...`;
- on a connection with friendly names a column may be spelled in any way with the same letters, and
  Sigma writes its own spelling; on another the name must be the warehouse's;
- a formula about a column that is not there is taken, and the column then has the type `error`;
- ids that Sigma did not give are replaced by its own, and references to them follow.

Assumed, because no document says so: the words of every other 400, that one is answered for a
wrong prefix, a key or target of a relationship that is not there, an `order` that does not fit, two
elements or two columns of one name (Sigma was seen to rename the second column, which would hide a
mistake of ours), a column without a formula, and a slash in a name.
"""

import copy
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException

from sigma_dbt_sync.demo.sigma_catalog import Organization, Path, WarehouseConnection

Json = dict[str, Any]

FUNCTIONS = {"Avg", "Coalesce", "Count", "CountDistinct", "CountDistinctIf", "CountIf", "If"} | {
    *("IsNull", "Max", "MaxIf", "Median", "Min", "MinIf", "PercentileCont", "Sum", "SumIf", "Text")
}
"""Functions of Sigma's formula language that formulas here may use."""

_REFERENCE = re.compile(r"\[([^\[\]]+)\]")
_TEXT = re.compile(r'"[^"]*"')
_CALL = re.compile(r"([A-Za-z]\w*)\s*\(")
_OPERATORS = {"And", "Or", "Not"}
_SMALL = {"a", "an", "and", "as", "at", "by", "for", "in", "of", "on", "or", "per", "the", "to"}


def parts_of(spec: Mapping[str, Any]) -> Iterator[Json]:
    """List everything that has an id: pages, elements, columns, metrics, relationships."""
    for page in spec["pages"]:
        yield page
        for element in page["elements"]:
            yield element
            for what in ("columns", "metrics", "relationships"):
                yield from element.get(what, [])


def accepted(spec: Mapping[str, Any], organization: Organization, known: set[str]) -> Json:
    """Check a model and write it as Sigma keeps it; `known` are ids that Sigma gave before.

    Raises:
        HTTPException: Sigma does not take it (400).
    """
    if spec.get("schemaVersion") != 1 or not isinstance(spec.get("pages"), list):
        raise refused("schemaVersion must be 1 and pages an array")
    kept = {"pages": copy.deepcopy(spec["pages"])}
    elements = [element for page in kept["pages"] for element in page["elements"]]
    _unique("element", [element.get("name") for element in elements])
    _unique("id", [part.get("id") for part in parts_of(kept)])
    for element in elements:
        _check_element(element, organization)
    _check_relationships(elements)
    _give_ids(kept, known)
    return kept


def columns_of(element: Json, organization: Organization) -> list[Json]:
    """List an element's columns with the type that their formulas come to."""
    names = {shown_name(column) for column in element["columns"]}
    source = _source_columns(element, organization)
    return [
        {
            "columnId": column["id"],
            "name": shown_name(column),
            "formula": column["formula"],
            "elementId": element["id"],
            "type": {"type": "text" if _resolves(column["formula"], names, source) else "error"},
        }
        for column in element["columns"]
    ]


def shown_name(column: Json) -> str:
    """Say what a column is called: what it was named, else the name in its source."""
    return column.get("name") or _REFERENCE.findall(column["formula"])[0].split("/")[-1]


def friendly(name: str) -> str:
    """Write a name as a connection with friendly names does."""
    words = name.lower().split("_")
    return " ".join(
        word if place and word in _SMALL else word.capitalize() for place, word in enumerate(words)
    )


def refused(message: str) -> HTTPException:
    """Make the answer 400."""
    return HTTPException(HTTPStatus.BAD_REQUEST, message)


def _check_element(element: Json, organization: Organization) -> None:
    name = element.get("name")
    if element.get("kind") != "table" or not isinstance(element.get("columns"), list):
        raise refused(f"{name}: columns: Invalid array: undefined")
    columns: list[Json] = element["columns"]
    if any(not isinstance(column.get("formula"), str) for column in columns):
        raise refused(f"{name}: columns.formula: Invalid string: undefined")
    if element["source"]["kind"] == "warehouse-table":
        _check_table(element, organization)
    names = [shown_name(column) for column in columns]
    metrics: list[Json] = element.get("metrics", [])
    _unique("column", [*names, *(metric.get("name") for metric in metrics)])
    if any("/" in one for one in names):
        raise refused(f"{name}: a column's name holds a slash")
    order = element.get("order")
    if order is not None and sorted(order) != sorted(column["id"] for column in columns):
        raise refused(f"{name}: order does not list every column once")
    for part in [*columns, *metrics]:
        _check_functions(part["formula"])
        if "format" in part and "kind" not in part["format"]:
            raise refused('Missing "kind" field')
    for metric in metrics:
        unknown = [ref for ref in _references(metric["formula"]) if ref not in names]
        if unknown:
            raise refused(f"dependency not found: formula reference {unknown[0]}")


def _check_table(element: Json, organization: Organization) -> None:
    source = element["source"]
    path: Path = tuple(source["path"])
    connection = _connection(source, organization)
    if connection is None or path not in connection.indexed:
        where = f"on connection {source['connectionId']}"
        raise refused(f"Source not found: warehouse table '{'.'.join(path)}' {where}")
    spellings = {_letters(name): name for name in connection.indexed[path].columns}

    def respelled(reference: re.Match[str]) -> str:
        prefix, slash, column = reference[1].partition("/")
        if not slash:
            return reference[0]
        if prefix != path[-1]:
            raise refused(f"dependency not found: formula reference {reference[1]}")
        if connection.friendly_name and _letters(column) in spellings:
            column = friendly(spellings[_letters(column)])
        return f"[{prefix}/{column}]"

    for column in element["columns"]:
        column["formula"] = _REFERENCE.sub(respelled, column["formula"])


def _check_relationships(elements: list[Json]) -> None:
    columns = {
        element["id"]: {column["id"] for column in element["columns"]} for element in elements
    }
    for element in elements:
        for one in element.get("relationships", []):
            target = columns.get(one["targetElementId"])
            if target is None:
                raise refused(f"relationship {one['id']}: no element {one['targetElementId']}")
            for key in one["keys"]:
                if (
                    key["sourceColumnId"] not in columns[element["id"]]
                    or key["targetColumnId"] not in target
                ):
                    raise refused(f"relationship {one['id']}: a key is no column")


def _give_ids(spec: Json, known: set[str]) -> None:
    given = {
        part["id"]: secrets.token_urlsafe(8)
        for part in parts_of(spec)
        if part.get("id") not in known
    }

    def swap(holder: Json, what: str) -> None:
        holder[what] = given.get(holder[what], holder[what])

    for part in parts_of(spec):
        swap(part, "id")
        if "order" in part:
            part["order"] = [given.get(one, one) for one in part["order"]]
        if "targetElementId" in part:
            swap(part, "targetElementId")
            for key in part["keys"]:
                swap(key, "sourceColumnId")
                swap(key, "targetColumnId")


def _check_functions(formula: str) -> None:
    code = _TEXT.sub('""', _REFERENCE.sub("[]", formula))
    unknown = set(_CALL.findall(code)) - FUNCTIONS - _OPERATORS
    if unknown or re.search(r"\bNot\(", code):  # Not( is taken for a function and gives nothing
        raise refused(f"Unknown function {', '.join(sorted(unknown)) or 'Not'}")


def _resolves(formula: str, names: set[str], source: Callable[[str], bool]) -> bool:
    return all(
        source(reference.partition("/")[2]) if "/" in reference else reference in names
        for reference in _references(formula)
    )


def _source_columns(element: Json, organization: Organization) -> Callable[[str], bool]:
    source = element["source"]
    connection = _connection(source, organization)
    if source["kind"] != "warehouse-table" or connection is None:
        return lambda _: True
    table = connection.indexed.get(tuple(source["path"]))
    held = list(table.columns) if table else []
    spelled = {friendly(name) for name in held} if connection.friendly_name else set(held)
    return spelled.__contains__


def _connection(source: Json, organization: Organization) -> WarehouseConnection | None:
    return organization.connection(source.get("connectionId", ""))


def _references(formula: str) -> list[str]:
    return _REFERENCE.findall(_TEXT.sub('""', formula))


def _letters(name: str) -> str:
    return "".join(c for c in name if c.isalnum()).casefold()


def _unique(what: str, names: list[Any]) -> None:
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice or not all(names):
        raise refused(f"{what} is missing or not unique: {', '.join(twice)}")
