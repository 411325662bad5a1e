"""What people and Sigma count on in every view: its name, its columns, and their comments."""

import pytest
import sqlglot
from sqlglot import exp

from sigma_dbt_sync.warehouse.views import load_views

VIEWS = {view.name: view for view in load_views()}
BARE = {
    "id",
    "name",
    "status",
    "type",
    "owner",
    "state",
    "description_text",
    "date",
    "message_text",
}
TAB = """
    account_id project_id project_name environment_id environment_name is_production is_primary
    node_key relation_key database_name schema_name table_name unique_id resource_type materialized
    model_name relation_name description owner_name owner_email group_name tags_text last_run_at
    last_built_at execution_seconds last_status latest_status latest_status_at rows_affected
    query_id health health_detail job_id job_name run_id run_url run_status run_started_at
    run_finished_at run_seconds run_seconds_p50 job_health job_health_detail tests_total
    tests_passing tests_warning tests_failing columns_total columns_documented
    persist_docs_relation persist_docs_columns docs_state downstream_count exposure_count
    status_line sigma_url metadata_as_of
"""
PROMISED = {
    "dbt_tab": TAB,
    "dbt_tab_sql": "node_key source_sql compiled_sql language is_truncated",
    "dbt_tab_columns": "node_key column_name description data_type declared_type "
    "warehouse_comment worst_test_status docs_state",
    "dbt_tab_tests": "node_key column_name test_name last_status last_run_at last_pass_at "
    "failing_since_at failures message failures_relation",
    "data_freshness": "last_built_at max_loaded_at expected_interval_seconds expected_by_at "
    "is_late age_seconds data_as_of",
    "data_quality": "tests_total tests_passing tests_warning tests_failing last_green_at "
    "seconds_since_green",
    "documentation_coverage": "is_described columns_documented columns_persisted columns_missing",
    "relation_jobs": "node_key job_id runs last_status last_at",
    "job_health": "job_id health runs seconds_p50 seconds_p95 previous_seconds_p50 "
    "previous_seconds_p95",
    "run_failures": "run_id unique_id root_cause_key is_root_cause skipped_count reason",
    "slowest_models": "unique_id seconds_p50 seconds_p95 previous_seconds_p50",
    "flaky_tests": "test_unique_id flips",
    "definition_changes": "unique_id changed_at git_sha next_status next_run_id",
    "sigma_sync_status": "node_key delivery_state delivery_detail texts_waiting texts_sent "
    "texts_verified waiting_since_at last_sync_at http_status request_id",
    "sync_health": "artifact problem detail last_sync_at",
}
PAGES = {
    "dbt_tab",
    "dbt_tab_columns",
    "dbt_tab_tests",
    "data_quality",
    "documentation_coverage",
    "sigma_sync_status",
}
"""What people put on a page: each look at it costs a query."""
HISTORY = {
    "dbt_node_executions",
    "dbt_test_results",
    "dbt_source_freshness",
    "dbt_invocations",
    "dbt_node_versions",
    "dbt_column_versions",
    "dbt_health_changes",
    "sync_artifacts",
}
"""Tables that grow with every run."""
AGES = {
    "age_seconds": "data_as_of",
    "late_seconds": "expected_by_at",
    "seconds_since_green": "last_green_at",
    "failing_seconds": "failing_since_at",
    "waiting_seconds": "waiting_since_at",
    "seconds_since_synced": "last_synced_at",
}
EACH = pytest.mark.parametrize("name", VIEWS)


def reads(name: str) -> set[str]:
    """Name all tables a view reads, through other views too."""
    found = set(VIEWS[name].reads)
    return found.union(*(reads(other) for other in found if other in VIEWS))


@pytest.mark.parametrize("name", PROMISED)
def test_a_view_has_the_columns_it_promises(name):
    assert [c for c in PROMISED[name].split() if c not in VIEWS[name].columns] == []


def test_the_tab_has_its_columns_in_order_and_ids_as_text_after_them():
    assert list(VIEWS["dbt_tab"].columns) == [*TAB.split(), "job_id_text", "run_id_text"]


@EACH
def test_no_column_has_a_name_that_says_too_little(name):
    assert BARE & set(VIEWS[name].columns) == set()


@EACH
def test_ids_of_jobs_and_runs_can_be_used_as_text(name):
    ids = [c for c in VIEWS[name].columns if c.endswith(("job_id", "run_id"))]

    assert [c for c in ids if f"{c}_text" not in VIEWS[name].columns] == []


@EACH
def test_an_age_has_its_moment_beside_it(name):
    columns = VIEWS[name].columns

    assert [age for age, moment in AGES.items() if age in columns and moment not in columns] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_what_is_on_a_page_reads_no_history_and_no_code(name):
    assert reads(name) & HISTORY == set()
    assert "dbt_code" not in reads(name)


def test_code_is_in_one_view_only():
    assert {name for name in VIEWS if "dbt_code" in reads(name)} == {"dbt_tab_sql"}


@pytest.mark.parametrize("name", sorted(PROMISED.keys() - {"dbt_tab_sql", "sync_health"}))
def test_production_can_be_told_apart(name):
    assert {"environment_name", "is_production"} <= set(VIEWS[name].columns)


@EACH
def test_every_row_begins_with_its_account(name):
    assert next(iter(VIEWS[name].columns)) == "account_id"


@EACH
def test_every_join_and_window_stays_within_an_account(name):
    """Two accounts may share a schema; their ids are not told apart otherwise."""
    tree = sqlglot.parse_one(VIEWS[name].sql, read="duckdb")
    for join in tree.find_all(exp.Join):
        on = join.args.get("on")
        assert on is not None, join.sql()
        assert "account_id" in on.sql(), join.sql()
    for window in tree.find_all(exp.Window):
        assert "account_id" in [part.name for part in window.args["partition_by"]], window.sql()


@EACH
def test_the_warehouse_holds_every_comment(warehouse, name):
    view = VIEWS[name]
    (found,) = warehouse.execute(
        "SELECT comment FROM duckdb_views() WHERE view_name = ?", [name]
    ).fetchall()
    columns = warehouse.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?", [name]
    ).fetchall()

    assert found == (view.description,)
    assert dict(columns) == view.columns
