"""dbt_node_executions, dbt_test_results, dbt_source_freshness: what each dbt command reported."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    EnvironmentId,
    FeedsState,
    InvocationId,
    JobId,
    NodeKey,
    ProjectId,
    RelationName,
    RunId,
    StatusGroup,
    StepIndex,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of

Status = Annotated[str, Meta(description="Status as dbt wrote it, in lower case.")]
Message = Annotated[str | None, Meta(description="What dbt said about it.")]
ExecutionSeconds = Annotated[float | None, Meta(description="Seconds dbt spent on it.")]


class NodeExecutionRow(Row, frozen=True, kw_only=True):
    """One row per node and dbt command that built or tested it, or meant to."""

    account_id: AccountId
    invocation_id: InvocationId
    unique_id: UniqueId
    project_id: ProjectId
    environment_id: EnvironmentId
    node_key: NodeKey
    job_id: JobId
    run_id: RunId
    step_index: StepIndex
    feeds_state: FeedsState
    resource_type: Annotated[str, Meta(description="dbt's resource type: model, test, seed.")]
    relation_name: RelationName
    status: Status
    status_group: StatusGroup
    execution_seconds: ExecutionSeconds
    compile_started_at: Annotated[datetime | None, Meta(description="Compilation began, UTC.")]
    compile_completed_at: Annotated[datetime | None, Meta(description="Compilation ended, UTC.")]
    execute_started_at: Annotated[datetime | None, Meta(description="Execution began, UTC.")]
    execute_completed_at: Annotated[datetime | None, Meta(description="Execution ended, UTC.")]
    completed_at: Annotated[
        datetime,
        Meta(
            description="When the result was known, UTC: execution's end, else when the command "
            "wrote its results. Orders results."
        ),
    ]
    message: Message
    root_cause: Annotated[
        str | None,
        Meta(
            description="For skipped nodes: the node or test upstream that failed in this command."
        ),
    ]
    failures: Annotated[int | None, Meta(description="Failing rows, for tests.")]
    rows_affected: Annotated[int | None, Meta(description="Rows written, when the adapter says.")]
    bytes_processed: Annotated[
        int | None, Meta(description="Bytes scanned, when the adapter says.")
    ]
    query_id: Annotated[
        str | None, Meta(description="Warehouse query or job id, when the adapter says.")
    ]
    thread_id: Annotated[str | None, Meta(description="dbt thread it ran on.")]
    adapter_response: Annotated[Json | None, Meta(description="All that the adapter answered.")]
    batch_results: Annotated[
        Json | None,
        Meta(description="Start and end of each batch of a microbatch model: successful, failed."),
    ]
    batches_ok: Annotated[int | None, Meta(description="Batches built, of a microbatch model.")]
    batches_failed: Annotated[
        int | None, Meta(description="Batches that failed, of a microbatch model.")
    ]


class TestResultRow(Row, frozen=True, kw_only=True):
    """One row per test and dbt command that ran it, or meant to."""

    __test__ = False

    account_id: AccountId
    invocation_id: InvocationId
    test_unique_id: Annotated[str, Meta(description="dbt's id of the test.")]
    project_id: ProjectId
    environment_id: EnvironmentId
    node_key: NodeKey
    job_id: JobId
    run_id: RunId
    step_index: StepIndex
    feeds_state: FeedsState
    target_unique_id: Annotated[
        str | None, Meta(description="Node the test checked then, as the run's manifest says.")
    ]
    relation_name: Annotated[str | None, Meta(description="Relation of that node.")]
    column_name: Annotated[str | None, Meta(description="Column it checked, for column tests.")]
    status: Status
    status_group: StatusGroup
    severity: Annotated[str | None, Meta(description="error or warn, as configured then.")]
    failures: Annotated[int | None, Meta(description="Failing rows.")]
    message: Message
    execution_seconds: ExecutionSeconds
    executed_at: Annotated[datetime, Meta(description="When the result was known, UTC.")]
    failures_relation: Annotated[
        str | None, Meta(description="Relation holding the failing rows, with store_failures on.")
    ]
    compiled_code_hash: Annotated[str | None, Meta(description="The test's SQL, in dbt_code.")]


class SourceFreshnessRow(Row, frozen=True, kw_only=True):
    """One row per source and freshness check."""

    account_id: AccountId
    invocation_id: InvocationId
    unique_id: UniqueId
    project_id: ProjectId
    environment_id: EnvironmentId
    node_key: NodeKey
    job_id: JobId
    run_id: RunId
    step_index: StepIndex
    feeds_state: FeedsState
    relation_name: RelationName
    status: Status
    status_group: StatusGroup
    max_loaded_at: Annotated[datetime | None, Meta(description="Newest row of the source, UTC.")]
    snapshotted_at: Annotated[datetime, Meta(description="When dbt looked, UTC.")]
    age_seconds: Annotated[float | None, Meta(description="Age of that newest row, seconds.")]
    warn_after_seconds: Annotated[
        int | None, Meta(description="Age from which dbt warns, seconds.")
    ]
    error_after_seconds: Annotated[
        int | None, Meta(description="Age from which dbt fails, seconds.")
    ]
    message: Message
    execution_seconds: ExecutionSeconds


DBT_NODE_EXECUTIONS = table_of(
    NodeExecutionRow, name="dbt_node_executions", key=("account_id", "invocation_id", "unique_id")
)
DBT_TEST_RESULTS = table_of(
    TestResultRow, name="dbt_test_results", key=("account_id", "invocation_id", "test_unique_id")
)
DBT_SOURCE_FRESHNESS = table_of(
    SourceFreshnessRow,
    name="dbt_source_freshness",
    key=("account_id", "invocation_id", "unique_id"),
)
