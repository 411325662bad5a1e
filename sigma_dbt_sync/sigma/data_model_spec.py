"""Writes the data model in the form that Sigma's spec endpoints read.

Shapes are those of Sigma's OpenAPI document: `name`, `description`, `formula`, `hidden` and
`format` of columns and metrics, `keys` of relationships. The prefix in a column's formula is the
last part of its table's path. Ids are ours until Sigma gives its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from sigma_dbt_sync.sigma.data_model import (
    ELEMENTS,
    HIDDEN_COLUMNS,
    NAME,
    Element,
    Metric,
    Relationship,
)
from sigma_dbt_sync.sigma.friendly_names import friendly

Values = dict[str, Any]

SCHEMA_VERSION = 1

_PER_CENT = {"kind": "number", "formatString": ",.1%"}


class Described(Protocol):
    """A view, as far as its header is read."""

    @property
    def name(self) -> str:
        """The view's name in lower case."""
        ...

    @property
    def description(self) -> str:
        """What it shows."""
        ...

    @property
    def columns(self) -> Mapping[str, str]:
        """Column name to what it means, in order."""
        ...


class WantedColumn(Struct, frozen=True, kw_only=True):
    """A column of a view, and how Sigma should show it."""

    column: str
    values: Values


class WantedElement(Struct, frozen=True, kw_only=True):
    """An element, and how Sigma should show it and its columns."""

    element: Element
    values: Values
    columns: tuple[WantedColumn, ...]

    @property
    def view(self) -> str:
        """The view it reads, which is what it is known by."""
        return self.element.view

    @property
    def path(self) -> list[str]:
        """Where that view lies in the warehouse."""
        return list(self.values["source"]["path"])


def wanted_elements(
    views: Iterable[Described], *, connection_id: str, schema: Sequence[str], friendly_names: bool
) -> list[WantedElement]:
    """Describe the model over the views of `schema`, a database and a schema.

    `friendly_names` is the connection's setting: what a column is called, and referred to by.
    """
    described = {view.name: view for view in views}
    made: list[WantedElement] = []
    for element in ELEMENTS:
        view = described[element.view]
        table = view.name.upper()
        source = {
            "kind": "warehouse-table",
            "connectionId": connection_id,
            "path": [*schema, table],
        }
        columns = tuple(
            _column(name, text, table, friendly_names=friendly_names)
            for name, text in view.columns.items()
        )
        values = {"name": element.name, "description": view.description, "source": source}
        made.append(WantedElement(element=element, values=values, columns=columns))
    return made


def metric_values(metric: Metric, column_names: Mapping[str, str]) -> Values:
    """Describe a metric, given what the columns are called.

    Raises:
        KeyError: a column it counts on is not there.
    """
    values: Values = {
        "name": metric.name,
        "description": metric.description,
        "formula": metric.formula.format_map(column_names),
    }
    return values | ({"format": dict(_PER_CENT)} if metric.is_share else {})


def relationship_values(
    relationship: Relationship,
    target_id: str,
    source_columns: Mapping[str, str],
    target_columns: Mapping[str, str],
) -> Values:
    """Describe a relationship, given the ids of its target and of the columns on both sides.

    Raises:
        KeyError: a column it rests on is not there.
    """
    keys = [
        {"sourceColumnId": source_columns[key], "targetColumnId": target_columns[key]}
        for key in relationship.keys
    ]
    return {"name": relationship.name, "targetElementId": target_id, "keys": keys}


def empty_spec(name: str = NAME, folder_id: str = "") -> Values:
    """Make a model without elements, to be filled like any other."""
    page: Values = {"id": "page", "name": "dbt", "elements": []}
    return {"name": name, "schemaVersion": SCHEMA_VERSION, "folderId": folder_id, "pages": [page]}


def _column(name: str, text: str, table: str, *, friendly_names: bool) -> WantedColumn:
    shown = friendly(name) if friendly_names else name.upper()
    values: Values = {"name": shown, "description": text, "formula": f"[{table}/{shown}]"}
    if name in HIDDEN_COLUMNS:
        values["hidden"] = True
    return WantedColumn(column=name, values=values)
