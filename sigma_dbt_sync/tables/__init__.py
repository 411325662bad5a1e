"""The warehouse tables. A new table is one new row class here plus one line in ALL."""

from typing import Any

from sigma_dbt_sync.tables.account import DBT_ENVIRONMENTS, DBT_JOB_STATUS, DBT_JOBS, DBT_PROJECTS
from sigma_dbt_sync.tables.columns import DBT_COLUMNS
from sigma_dbt_sync.tables.declared import (
    DBT_EXPOSURES,
    DBT_GROUPS,
    DBT_METRICS,
    DBT_SAVED_QUERIES,
    DBT_SEMANTIC_MODELS,
)
from sigma_dbt_sync.tables.delivery import (
    DBT_DOC_BASELINES,
    DBT_DOC_CHANGES,
    SIGMA_TABLE_SYNCS,
)
from sigma_dbt_sync.tables.graph import DBT_CODE, DBT_EDGES, DBT_LINEAGE
from sigma_dbt_sync.tables.health import DBT_HEALTH_CHANGES, DBT_HEALTH_INPUTS
from sigma_dbt_sync.tables.ledger import SYNC_ARTIFACTS, SYNC_LOADS
from sigma_dbt_sync.tables.node_meta import DBT_NODE_META, DBT_NODE_TAGS
from sigma_dbt_sync.tables.node_status import DBT_NODE_STATUS
from sigma_dbt_sync.tables.relations import DBT_MODELS, DBT_SEEDS, DBT_SNAPSHOTS, DBT_SOURCES
from sigma_dbt_sync.tables.results import (
    DBT_NODE_EXECUTIONS,
    DBT_SOURCE_FRESHNESS,
    DBT_TEST_RESULTS,
)
from sigma_dbt_sync.tables.runs import DBT_INVOCATIONS, DBT_RUN_STEPS, DBT_RUNS
from sigma_dbt_sync.tables.spec import Column, Kind, Row, Table
from sigma_dbt_sync.tables.tests import DBT_TEST_TARGETS, DBT_TESTS
from sigma_dbt_sync.tables.versions import DBT_COLUMN_VERSIONS, DBT_NODE_VERSIONS

ALL: tuple[Table[Any], ...] = (
    DBT_PROJECTS,
    DBT_ENVIRONMENTS,
    DBT_JOBS,
    DBT_JOB_STATUS,
    DBT_RUNS,
    DBT_RUN_STEPS,
    DBT_INVOCATIONS,
    DBT_NODE_EXECUTIONS,
    DBT_TEST_RESULTS,
    DBT_SOURCE_FRESHNESS,
    DBT_MODELS,
    DBT_SOURCES,
    DBT_SEEDS,
    DBT_SNAPSHOTS,
    DBT_COLUMNS,
    DBT_TESTS,
    DBT_TEST_TARGETS,
    DBT_EXPOSURES,
    DBT_METRICS,
    DBT_SEMANTIC_MODELS,
    DBT_SAVED_QUERIES,
    DBT_GROUPS,
    DBT_NODE_TAGS,
    DBT_NODE_META,
    DBT_EDGES,
    DBT_LINEAGE,
    DBT_CODE,
    DBT_NODE_VERSIONS,
    DBT_COLUMN_VERSIONS,
    DBT_NODE_STATUS,
    DBT_HEALTH_CHANGES,
    DBT_HEALTH_INPUTS,
    DBT_DOC_CHANGES,
    DBT_DOC_BASELINES,
    SIGMA_TABLE_SYNCS,
    SYNC_LOADS,
    SYNC_ARTIFACTS,
)

__all__ = ["ALL", "Column", "Kind", "Row", "Table"]
