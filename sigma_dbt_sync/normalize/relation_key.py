"""How the warehouse itself names a relation.

dbt writes `relation_name` with the quoting it uses in SQL; an unquoted part is folded by the
warehouse (Snowflake to upper case, Postgres to lower). Databricks lowers quoted parts, too, and so
does Redshift unless enable_case_sensitive_identifier is set. catalog.json holds the names as the
warehouse reported them, and wins when it is there.
"""

import re

from msgspec import Struct

from sigma_dbt_sync.artifacts.catalog import TableMetadata
from sigma_dbt_sync.artifacts.manifest import Node

_PART = re.compile(r'"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^.]+)')
_FOLDS_UP = frozenset({"snowflake", "oracle"})
_FOLDS_DOWN = frozenset({"postgres", "trino", "athena"})
_ALWAYS_DOWN = frozenset({"databricks", "spark", "redshift"})


class Place(Struct, frozen=True):
    """Where a relation lies; all None when nothing is built."""

    database: str | None = None
    schema: str | None = None
    identifier: str | None = None

    @property
    def key(self) -> str | None:
        """DATABASE.SCHEMA.IDENTIFIER, leaving out a database that the warehouse does not have."""
        if self.identifier is None:
            return None
        return ".".join(part for part in (self.database, self.schema, self.identifier) if part)


def place_of(node: Node, catalog: TableMetadata | None, adapter_type: str | None) -> Place:
    """Find where the warehouse holds `node`."""
    if catalog is not None and catalog.name:
        return Place(catalog.database or None, catalog.schema or None, catalog.name)
    if not node.relation_name:
        return _named_by_parts(node, adapter_type)
    parts = [_fold(match, adapter_type) for match in _PART.finditer(node.relation_name)]
    padded: list[str | None] = [None] * (3 - len(parts))
    database, schema, identifier = [*padded, *parts][-3:]
    return Place(database, schema, identifier)


def _named_by_parts(node: Node, adapter_type: str | None) -> Place:
    """Name a relation for which dbt wrote no `relation_name`, as many did until manifest v7."""
    if node.config.materialized == "ephemeral" or not node.schema:
        return Place()
    parts = [node.database or None, node.schema, node.identifier or node.alias or node.name]
    if adapter_type in _FOLDS_UP:  # the only adapters that do not quote by default
        parts = [part and part.upper() for part in parts]
    elif adapter_type in _ALWAYS_DOWN:
        parts = [part and part.lower() for part in parts]
    return Place(*parts)


def _fold(match: re.Match[str], adapter_type: str | None) -> str:
    double, back, bracket, bare = match.groups()
    if bare is None:
        quoted = double.replace('""', '"') if double is not None else (back or bracket or "")
        return quoted.lower() if adapter_type in _ALWAYS_DOWN else quoted
    if adapter_type in _FOLDS_UP:
        return bare.upper()
    if adapter_type in _FOLDS_DOWN or adapter_type in _ALWAYS_DOWN:
        return bare.lower()
    return bare
