"""Every column that people count on holds something, once the demo account is loaded."""

import pytest

from tests.tables.contract import COLUMNS

DELIVERED = {"sigma_table_syncs"}
"""Filled by deliveries to Sigma."""

_DUCKDB_SAYS_NOTHING = {"catalog_row_count", "catalog_bytes", "catalog_last_modified_at"}
_NO_CODE = {"compiled_code_hash", "raw_code_hash"}
_OF_MODELS = {"access", "model_version", "group_name"}
EMPTY = {
    "dbt_jobs": {"dbt_version"},  # inherited from the environment
    "dbt_node_executions": {"query_id"},  # DuckDB has none
    "dbt_models": _DUCKDB_SAYS_NOTHING,
    "dbt_sources": {*_DUCKDB_SAYS_NOTHING, *_NO_CODE, *_OF_MODELS, "materialized", "owner_name"},
    "dbt_seeds": {
        *(_DUCKDB_SAYS_NOTHING | _NO_CODE | _OF_MODELS),
        *("owner", "owner_name", "owner_email"),
    },
    "dbt_snapshots": {
        *(_DUCKDB_SAYS_NOTHING | _OF_MODELS),
        *("owner", "owner_name", "owner_email"),
    },
    "dbt_tests": {"namespace"},  # of tests from packages
    "dbt_metrics": {"owner", "url"},
    "dbt_semantic_models": {"label", "type", "owner", "url"},
    "dbt_saved_queries": {"label", "type", "owner", "url"},
    "dbt_groups": {"label", "type", "url"},
    "sync_artifacts": {"unknown_keys"},  # the demo's dbt is a known one
}
"""What the demo's project, DuckDB or dbt itself has nothing to say about."""


@pytest.mark.parametrize("name", sorted(COLUMNS.keys() - DELIVERED))
def test_every_column_of_the_table_is_filled(synced, name):
    columns = COLUMNS[name].split()
    counts = ", ".join(f"count({column})" for column in columns)
    ((rows, *filled),) = synced.query(f"SELECT count(*), {counts} FROM {name}")

    assert rows > 0
    assert {c for c, count in zip(columns, filled, strict=True) if not count} == EMPTY.get(
        name, set()
    )
