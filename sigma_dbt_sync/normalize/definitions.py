"""The current tables of one environment: what its dbt project defines now."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from sigma_dbt_sync.normalize.columns import column_rows
from sigma_dbt_sync.normalize.declared import declared_rows
from sigma_dbt_sync.normalize.keys import code_row
from sigma_dbt_sync.normalize.lineage import downstream_counts, edge_rows, lineage_rows
from sigma_dbt_sync.normalize.node_meta import LabelledRow, meta_rows, tag_rows
from sigma_dbt_sync.normalize.project import RELATION_TYPES, Project
from sigma_dbt_sync.normalize.relations import relation_rows
from sigma_dbt_sync.normalize.tests import test_rows, test_target_rows
from sigma_dbt_sync.tables.columns import DBT_COLUMNS
from sigma_dbt_sync.tables.declared import (
    DBT_EXPOSURES,
    DBT_GROUPS,
    DBT_METRICS,
    DBT_SAVED_QUERIES,
    DBT_SEMANTIC_MODELS,
    GroupRow,
)
from sigma_dbt_sync.tables.graph import DBT_EDGES, DBT_LINEAGE, CodeRow
from sigma_dbt_sync.tables.node_meta import DBT_NODE_META, DBT_NODE_TAGS
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.relations import DBT_MODELS, DBT_SEEDS, DBT_SNAPSHOTS, DBT_SOURCES
from sigma_dbt_sync.tables.spec import Row, Table
from sigma_dbt_sync.tables.tests import DBT_TEST_TARGETS, DBT_TESTS

RELATION_TABLES: tuple[Table[Any], ...] = (DBT_MODELS, DBT_SOURCES, DBT_SEEDS, DBT_SNAPSHOTS)

DECLARED_TABLES: tuple[Table[Any], ...] = (
    DBT_EXPOSURES,
    DBT_METRICS,
    DBT_SEMANTIC_MODELS,
    DBT_SAVED_QUERIES,
    DBT_GROUPS,
)

_NODE_COLUMNS: dict[Table[Any], tuple[str, str]] = {
    DBT_TESTS: ("test_unique_id", "node_key"),
    DBT_TEST_TARGETS: ("test_unique_id", "test_node_key"),
    DBT_EDGES: ("child_unique_id", "child_node_key"),
}

TOLD_TABLES: tuple[Table[Any], ...] = (*RELATION_TABLES, DBT_TESTS)
"""Current tables that repeat what runs told of a node: compiled code, when it was first seen."""

CURRENT_TABLES: tuple[Table[Any], ...] = (
    *RELATION_TABLES,
    DBT_COLUMNS,
    DBT_TESTS,
    DBT_TEST_TARGETS,
    DBT_EDGES,
    DBT_LINEAGE,
    *DECLARED_TABLES,
    DBT_NODE_TAGS,
    DBT_NODE_META,
)
"""Tables that hold the present and nothing else: a row that the project has no more is deleted."""


def node_columns(table: Table[Any]) -> tuple[str, str]:
    """Name the columns of a current table that say which node a row belongs to: its id, its key."""
    return _NODE_COLUMNS.get(table, ("unique_id", "node_key"))


def current_rows(
    project: Project,
    status: Mapping[str, NodeStatusRow],
    only: AbstractSet[str] | None = None,
) -> dict[Table[Any], list[Row]]:
    """Make every row of `CURRENT_TABLES` for one environment.

    `only`: none but the rows of these nodes, and so no lineage, which belongs to no single node.
    """
    rows: dict[Table[Any], list[Row]] = {table: [] for table in CURRENT_TABLES}
    table_of_row = {table.row: table for table in (*RELATION_TABLES, *DECLARED_TABLES, DBT_TESTS)}
    labelled: list[LabelledRow] = [
        *relation_rows(project, status, only, downstream=downstream_counts(project)),
        *declared_rows(project, only),
        *test_rows(project, status, only),
    ]
    for row in labelled:
        rows[table_of_row[type(row)]].append(row)
    members = [row for row in labelled if not isinstance(row, GroupRow)]
    rows[DBT_NODE_TAGS] = list(tag_rows(members))
    rows[DBT_NODE_META] = list(meta_rows(members))
    rows[DBT_COLUMNS] = list(column_rows(project, only))
    rows[DBT_TEST_TARGETS] = list(test_target_rows(project, only))
    rows[DBT_EDGES] = list(edge_rows(project, only))
    if only is None:
        rows[DBT_LINEAGE] = list(lineage_rows(project))
    return {table: table.keyed(found) for table, found in rows.items()}


def source_code_rows(project: Project, only: AbstractSet[str] | None = None) -> Iterator[CodeRow]:
    """Yield the code of every relation and test, or `only` of some, as written."""
    for node in project.of_type(*RELATION_TYPES, "test", "unit_test", only=only):
        if node.source_code:
            yield code_row(project.account_id, node.source_code, node.language)
