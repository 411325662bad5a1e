"""dbt_node_status: where every node stands, so that no view has to scan history."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    EnvironmentId,
    NodeKey,
    ProjectId,
    RelationName,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Row, table_of

NullableGroup = Annotated[
    str | None, Meta(description="ok, warn, bad, skipped or other; empty when there was none.")
]


class NodeStatusRow(Row, frozen=True, kw_only=True):
    """One row per node and environment: its latest result, attempt, build, pass and freshness.

    Only results that feed state count. The latest result may be a skip; the last attempt never is.
    """

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    project_id: ProjectId
    node_key: NodeKey
    resource_type: Annotated[str, Meta(description="dbt's resource type.")]
    relation_name: RelationName = None

    latest_status: Annotated[str | None, Meta(description="Newest result, skips included.")] = None
    latest_status_group: NullableGroup = None
    latest_at: Annotated[datetime | None, Meta(description="When that was, UTC.")] = None
    latest_run_id: Annotated[int | None, Meta(description="Run of that result.")] = None
    latest_step_index: Annotated[int | None, Meta(description="Step of that result.")] = None
    latest_message: Annotated[str | None, Meta(description="dbt's message of that result.")] = None
    latest_root_cause: Annotated[
        str | None, Meta(description="For a skip: the node or test upstream that failed.")
    ] = None

    attempt_status: Annotated[
        str | None, Meta(description="Newest result that was not a skip.")
    ] = None
    attempt_status_group: NullableGroup = None
    attempted_at: Annotated[datetime | None, Meta(description="When that was, UTC.")] = None
    attempt_invocation_id: Annotated[
        str | None, Meta(description="dbt command of that attempt.")
    ] = None
    attempt_job_id: Annotated[int | None, Meta(description="Job of that attempt.")] = None
    attempt_run_id: Annotated[int | None, Meta(description="Run of that attempt.")] = None
    attempt_step_index: Annotated[int | None, Meta(description="Step of that attempt.")] = None
    attempt_message: Annotated[str | None, Meta(description="dbt's message of that attempt.")] = (
        None
    )
    attempt_failures: Annotated[
        int | None, Meta(description="Failing rows of that attempt, for tests.")
    ] = None
    attempt_rows_affected: Annotated[
        int | None, Meta(description="Rows that attempt wrote, when the adapter says.")
    ] = None
    attempt_query_id: Annotated[
        str | None, Meta(description="Warehouse query of that attempt.")
    ] = None
    attempt_seconds: Annotated[
        float | None, Meta(description="Seconds dbt spent on that attempt.")
    ] = None

    ok_at: Annotated[
        datetime | None,
        Meta(description="Newest good result (ok; for relations also warn), UTC."),
    ] = None
    ok_at_text: Annotated[
        str | None, Meta(description="ok_at as text, to the minute: 2026-11-20 06:12.")
    ] = None
    ok_job_id: Annotated[int | None, Meta(description="Job of that result.")] = None
    ok_run_id: Annotated[int | None, Meta(description="Run of that result.")] = None
    ok_variant: Annotated[
        str | None, Meta(description="Variant of the project that result came from.")
    ] = None
    failing_since_at: Annotated[
        datetime | None, Meta(description="First bad result after the newest good one, UTC.")
    ] = None
    failing_since_run_id: Annotated[int | None, Meta(description="Run of that bad result.")] = None

    freshness_status: Annotated[str | None, Meta(description="Newest source freshness result.")] = (
        None
    )
    freshness_status_group: NullableGroup = None
    freshness_at: Annotated[datetime | None, Meta(description="When dbt looked, UTC.")] = None
    freshness_job_id: Annotated[int | None, Meta(description="Job of that check.")] = None
    freshness_run_id: Annotated[int | None, Meta(description="Run of that check.")] = None
    freshness_step_index: Annotated[int | None, Meta(description="Step of that check.")] = None
    freshness_message: Annotated[
        str | None,
        Meta(
            description="How old the newest row was, or why dbt could not look; empty when fresh."
        ),
    ] = None
    max_loaded_at: Annotated[
        datetime | None, Meta(description="Newest row of the source then, UTC.")
    ] = None
    freshness_age_seconds: Annotated[
        float | None, Meta(description="Age of that row then, seconds.")
    ] = None

    first_seen_at: Annotated[
        datetime | None, Meta(description="Start of the first run that knew the node, UTC.")
    ] = None
    compiled_code_hash: Annotated[
        str | None, Meta(description="Newest compiled code, in dbt_code.")
    ] = None
    compiled_at: Annotated[
        datetime | None, Meta(description="Start of the run that compiled it, UTC.")
    ] = None
    compiled_run_id: Annotated[int | None, Meta(description="Run that compiled it.")] = None
    compiled_step_index: Annotated[int | None, Meta(description="Step that compiled it.")] = None


DBT_NODE_STATUS = table_of(
    NodeStatusRow,
    name="dbt_node_status",
    key=("account_id", "environment_id", "unique_id"),
)
