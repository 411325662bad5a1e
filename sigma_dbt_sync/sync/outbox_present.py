"""Reads what delivery needs to know from the warehouse."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sigma_dbt_sync.sync.requests import Relation
from sigma_dbt_sync.tables.arrow import rows_from
from sigma_dbt_sync.tables.delivery import (
    DBT_DOC_CHANGES,
    SIGMA_TABLE_SYNCS,
    DocChangeRow,
    TableSyncRow,
)
from sigma_dbt_sync.tables.spec import Row, Table
from sigma_dbt_sync.warehouse.base import Warehouse

R = TypeVar("R", bound=Row)
_VALUES_PER_QUERY = 1000


class OutboxPresent:
    """Changed descriptions and Sigma syncs as the warehouse holds them, of every account in it."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Read nothing yet."""
        self._warehouse = warehouse

    def changes_in(self, states: Iterable[str]) -> list[DocChangeRow]:
        """Changes that have come so far and no further."""
        return list(self._rows_in(DBT_DOC_CHANGES, "state", sorted(states)))

    def changes(self, change_ids: Sequence[str]) -> list[DocChangeRow]:
        """Changes by id."""
        return list(self._rows_in(DBT_DOC_CHANGES, "change_id", change_ids))

    def syncs_in(self, state: str) -> list[TableSyncRow]:
        """Attempts in a state."""
        return list(self._rows_in(SIGMA_TABLE_SYNCS, "state", [state]))

    def syncs_because_of(self, cause: str) -> list[TableSyncRow]:
        """Attempts with a cause."""
        return list(self._rows_in(SIGMA_TABLE_SYNCS, "cause", [cause]))

    def syncs_of(self, request_ids: Sequence[str]) -> list[TableSyncRow]:
        """All attempts of some requests."""
        return list(self._rows_in(SIGMA_TABLE_SYNCS, "sync_request_id", request_ids))

    def relations(self, node_keys: Iterable[str]) -> dict[str, Relation]:
        """Where the relations of some nodes lie, by node_key; those that are gone are left out."""
        names = "account_id, environment_id, project_id, node_key, unique_id, relation_key"
        found = self._answers(
            f"SELECT {names}, database_name, schema_name, table_name FROM dbt_relations "  # noqa: S608 - names of our own
            "WHERE table_name IS NOT NULL AND node_key IN ({})",
            sorted(set(node_keys)),
        )
        return {
            row["node_key"]: Relation(
                **{name: row[name] for name in names.split(", ")},
                path=(row["database_name"] or "", row["schema_name"] or "", row["table_name"]),
            )
            for row in found
        }

    def _rows_in(self, table: Table[R], column: str, values: Sequence[object]) -> Iterator[R]:
        names = ", ".join(column.name for column in table.columns)
        sql = f"SELECT {names} FROM {table.name} WHERE {column} IN ({{}})"  # noqa: S608
        for found in self._parts(sql, values):
            yield from rows_from(table, found)

    def _answers(self, sql: str, values: Sequence[object]) -> Iterator[dict[str, Any]]:
        for found in self._parts(sql, values):
            yield from ({name.lower(): v for name, v in row.items()} for row in found.to_pylist())

    def _parts(self, sql: str, values: Sequence[object]) -> Iterator[Any]:
        for start in range(0, len(values), _VALUES_PER_QUERY):
            part = values[start : start + _VALUES_PER_QUERY]
            yield self._warehouse.query(sql.format(", ".join("?" for _ in part)), tuple(part))
