"""Names that people type: tables and columns that no version may take away or rename."""

_NODE = "environment_id project_id node_key"
_RESULT = f"{_NODE} invocation_id job_id run_id step_index relation_name status status_group"
_RELATION = f"""{_NODE} unique_id name relation_name relation_key database_name schema_name
    identifier description materialized persist_docs_relation persist_docs_columns tags meta owner
    owner_name owner_email group_name access model_version contract_enforced raw_code_hash
    compiled_code_hash original_file_path definition_hash docs_hash first_seen_at
    catalog_row_count catalog_bytes catalog_last_modified_at"""
_DECLARED = f"{_NODE} unique_id name label type owner description url definition"
_VERSION = f"{_NODE} unique_id valid_from change_kind changed_fields description run_id git_sha"

COLUMNS = {
    "dbt_projects": "project_id name is_deleted",
    "dbt_environments": """environment_id project_id name type deployment_type dbt_version
        is_deleted is_production definitions_run_id""",
    "dbt_jobs": "job_id name dbt_version execute_steps schedule job_type is_deleted",
    "dbt_runs": """run_id job_id project_id environment_id status status_message trigger_cause
        trigger_category git_branch git_sha dbt_version run_url created_at started_at finished_at
        queued_seconds run_seconds artifact_state feeds_state archive_entry_sha256""",
    "dbt_run_steps": """run_id step_index name dbt_command status started_at finished_at
        invocation_id""",
    "dbt_invocations": """invocation_id run_id step_index command is_executing dbt_version
        adapter_type started_at elapsed_seconds ok_count warn_count bad_count skipped_count
        other_count""",
    "dbt_node_executions": f"""{_RESULT} unique_id resource_type execution_seconds
        compile_started_at compile_completed_at execute_started_at execute_completed_at message
        failures rows_affected query_id thread_id adapter_response""",
    "dbt_test_results": f"""{_RESULT} test_unique_id target_unique_id column_name severity failures
        message executed_at failures_relation compiled_code_hash""",
    "dbt_source_freshness": f"""{_RESULT} unique_id max_loaded_at snapshotted_at age_seconds
        warn_after_seconds error_after_seconds""",
    **dict.fromkeys(("dbt_models", "dbt_sources", "dbt_seeds", "dbt_snapshots"), _RELATION),
    "dbt_columns": f"""{_NODE} unique_id column_key column_name description is_documented
        declared_type catalog_type catalog_comment ordinal tags meta constraints""",
    "dbt_tests": f"""{_NODE} test_unique_id name kind test_name namespace column_name severity
        kwargs warn_if error_if description""",
    "dbt_test_targets": f"{_NODE} test_unique_id target_unique_id column_key role derived_from",
    "dbt_exposures": _DECLARED,
    "dbt_metrics": _DECLARED,
    "dbt_semantic_models": _DECLARED,
    "dbt_saved_queries": _DECLARED,
    "dbt_groups": _DECLARED,
    "dbt_edges": "environment_id project_id parent_unique_id child_unique_id edge_type",
    "dbt_code": "code_hash language code is_truncated",
    "dbt_node_versions": f"{_VERSION} definition_hash docs_hash",
    "dbt_column_versions": f"{_VERSION} column_key declared_type",
    "dbt_doc_changes": f"{_NODE} change_id state",
    "sigma_table_syncs": """sync_request_id attempt connection_id path cause state http_status
        request_id requested_at finished_at verified_columns error""",
    "sync_loads": "load_id artifact_bytes api_calls api_rate_limited artifacts_unreadable",
    "sync_artifacts": "run_id step_index artifact state schema_version unknown_keys sha256",
    "dbt_node_status": f"{_NODE} unique_id",
    "dbt_lineage": "environment_id project_id ancestor_key descendant_key min_depth",
    "dbt_node_tags": f"{_NODE} unique_id tag",
    "dbt_node_meta": f"{_NODE} unique_id meta_key meta_value",
    "dbt_health_changes": f"{_NODE} from_health to_health changed_at run_id owner_email",
}
"""Columns of each table beside `account_id`, `loaded_at` and `sync_id`, which all have."""

KEYS = {
    "dbt_projects": "project_id",
    "dbt_environments": "environment_id",
    "dbt_jobs": "job_id",
    "dbt_runs": "run_id",
    "dbt_run_steps": "run_id step_index",
    "dbt_invocations": "invocation_id",
    "dbt_node_executions": "invocation_id unique_id",
    "dbt_test_results": "invocation_id test_unique_id",
    "dbt_source_freshness": "invocation_id unique_id",
    **dict.fromkeys(
        ("dbt_models", "dbt_sources", "dbt_seeds", "dbt_snapshots"), "environment_id unique_id"
    ),
    "dbt_columns": "environment_id unique_id column_key",
    "dbt_tests": "environment_id test_unique_id",
    "dbt_test_targets": "environment_id test_unique_id target_unique_id column_key role",
    **dict.fromkeys(
        ("dbt_exposures", "dbt_metrics", "dbt_semantic_models", "dbt_saved_queries", "dbt_groups"),
        "environment_id unique_id",
    ),
    "dbt_edges": "environment_id parent_unique_id child_unique_id",
    "dbt_code": "code_hash",
    "dbt_node_versions": "environment_id unique_id valid_from",
    "dbt_column_versions": "environment_id unique_id column_key valid_from",
    "dbt_doc_changes": "change_id",
    "sigma_table_syncs": "sync_request_id attempt",
    "sync_artifacts": "run_id step_index artifact",
}
"""What makes a row of a table the only one, within an account."""
