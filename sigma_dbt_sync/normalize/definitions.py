"""The current tables of one environment: what its dbt project defines now."""

from collections.abc import Iterator, Mapping
from typing import Any

from sigma_dbt_sync.normalize.columns import column_rows
from sigma_dbt_sync.normalize.declared import declared_rows
from sigma_dbt_sync.normalize.keys import code_row
from sigma_dbt_sync.normalize.lineage import edge_rows, lineage_rows
from sigma_dbt_sync.normalize.node_meta import LabelledRow, meta_rows, tag_rows
from sigma_dbt_sync.normalize.project import Project
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
"""Tables that hold the present and nothing else: rewritten per environment."""


def current_rows(
    project: Project, status: Mapping[str, NodeStatusRow]
) -> dict[Table[Any], list[Row]]:
    """Make every row of `CURRENT_TABLES` for one environment."""
    rows: dict[Table[Any], list[Row]] = {table: [] for table in CURRENT_TABLES}
    table_of_row = {table.row: table for table in (*RELATION_TABLES, *DECLARED_TABLES, DBT_TESTS)}
    labelled: list[LabelledRow] = [
        *relation_rows(project, status),
        *declared_rows(project),
        *test_rows(project, status),
    ]
    for row in labelled:
        rows[table_of_row[type(row)]].append(row)
    members = [row for row in labelled if not isinstance(row, GroupRow)]
    rows[DBT_NODE_TAGS] = list(tag_rows(members))
    rows[DBT_NODE_META] = list(meta_rows(members))
    rows[DBT_COLUMNS] = list(column_rows(project))
    rows[DBT_TEST_TARGETS] = list(test_target_rows(project))
    rows[DBT_EDGES] = list(edge_rows(project))
    rows[DBT_LINEAGE] = list(lineage_rows(project))
    return {table: table.keyed(found) for table, found in rows.items()}


def source_code_rows(project: Project) -> Iterator[CodeRow]:
    """Yield the code of every relation and test, as written."""
    for node in project.of_type("model", "seed", "snapshot", "source", "test", "unit_test"):
        if node.source_code:
            yield code_row(project.account_id, node.source_code, node.language)
