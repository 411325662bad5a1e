"""The demo account's rows, as somebody has read and approved them.

`pytest tests/end_to_end/test_golden.py --write-golden` writes the files anew; read the diff.
"""

import csv
import io
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"

FILES = {
    "dbt_runs": "run_id, status, artifact_state, feeds_state, trigger_category, git_branch, "
    "pull_request_id, schema_override, variant, started_at, finished_at, run_seconds, bad_count, "
    "warn_count, skipped_count, failure_detail",
    "dbt_run_steps": "run_id, step_index, name, dbt_command, status",
    "dbt_invocations": "run_id, step_index, command, is_executing, ok_count, warn_count, "
    "bad_count, skipped_count, other_count",
    "dbt_job_status": "job_id, health, health_detail, last_run_id, runs_counted",
    "dbt_environments": "environment_id, name, is_production, definitions_run_id, metadata_as_of",
    "dbt_node_executions": "run_id, step_index, unique_id, status, status_group, feeds_state, "
    "root_cause, failures",
    "dbt_test_results": "run_id, test_unique_id, target_unique_id, column_name, status, severity, "
    "failures, failures_relation",
    "dbt_source_freshness": "run_id, unique_id, status, warn_after_seconds, error_after_seconds",
    "dbt_health_changes": "environment_id, unique_id, changed_at, run_id, step_index, job_id, "
    "relation_name, from_health, to_health, detail, owner_name, owner_email",
    "dbt_columns": "environment_id, unique_id, column_key, column_name, description, "
    "is_in_project, is_in_warehouse, declared_type, catalog_type, catalog_comment, ordinal",
    "dbt_tests": "environment_id, test_unique_id, kind, test_name, column_name, severity, kwargs",
    "dbt_test_targets": "environment_id, test_unique_id, target_unique_id, column_key, role, "
    "derived_from",
    "dbt_edges": "environment_id, parent_unique_id, child_unique_id, edge_type",
    "dbt_lineage": "environment_id, ancestor_unique_id, descendant_unique_id, min_depth",
    "dbt_exposures": "environment_id, unique_id, label, type, maturity, owner_name, owner_email, "
    "description, url, tags_text, meta, original_file_path, definition",
    "dbt_metrics": "environment_id, unique_id, label, type, owner, description, definition",
    "dbt_semantic_models": "environment_id, unique_id, description, definition",
    "dbt_saved_queries": "environment_id, unique_id, description, definition",
    "dbt_groups": "environment_id, unique_id, name, owner_name, owner_email, tags, definition",
    "dbt_node_tags": "environment_id, unique_id, tag, resource_type",
    "dbt_node_meta": "environment_id, unique_id, meta_key, resource_type, meta_value, meta_json",
    "sync_artifacts": "run_id, step_index, artifact, state, from_run_id, schema_version",
    "dbt_doc_baselines": "environment_id, baseline_at",
    "dbt_doc_changes": "environment_id, unique_id, column_key, change_kind, before_description, "
    "was_persisted, description, is_persisted, changed_at, run_id, state, state_detail, built_at, "
    "first_built_at, verified_at, verified_by",
    "dbt_tab": "environment_id, unique_id, relation_key, is_primary, materialized, owner_name, "
    "last_run_at, last_built_at, last_status, latest_status, health, health_detail, job_health, "
    "tests_total, tests_passing, tests_failing, columns_total, columns_documented, docs_state, "
    "downstream_count, exposure_count, status_line",
}


@pytest.mark.parametrize("name", FILES)
def test_rows_are_the_approved_ones(synced, name, request):
    found = _csv(name, synced.query(f"SELECT {FILES[name]} FROM {name} ORDER BY ALL"))
    path = GOLDEN / f"{name}.csv"
    if request.config.getoption("--write-golden"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found.splitlines() == path.read_text(encoding="utf-8").splitlines()


def _csv(name, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FILES[name].split(", "))
    writer.writerows(rows)
    return text.getvalue()
