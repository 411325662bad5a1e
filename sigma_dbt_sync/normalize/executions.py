"""run_results.json to rows: the command, what it did with each node, what each test found.

Only commands that build or test count (`docs generate` and `compile` call everything a success);
of the others just the command itself and the SQL they compiled are kept.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from msgspec import Struct, structs

from sigma_dbt_sync.artifacts.document import Metadata
from sigma_dbt_sync.artifacts.run_results import Result, RunResults
from sigma_dbt_sync.artifacts.values import canonical, instant, status_group
from sigma_dbt_sync.normalize.keys import code_hash, node_key, to_json
from sigma_dbt_sync.normalize.messages import clean
from sigma_dbt_sync.normalize.root_cause import root_causes
from sigma_dbt_sync.normalize.run_context import RunContext
from sigma_dbt_sync.normalize.test_targets import TestView
from sigma_dbt_sync.tables.results import NodeExecutionRow, TestResultRow
from sigma_dbt_sync.tables.runs import InvocationRow
from sigma_dbt_sync.tables.spec import Json

TEST_PREFIXES = ("test.", "unit_test.")


class StepResults(Struct, frozen=True):
    """The rows of one run_results.json."""

    invocation: InvocationRow
    executions: tuple[NodeExecutionRow, ...]
    tests: tuple[TestResultRow, ...]
    compiled: tuple[tuple[str, str], ...]
    """(unique_id, compiled code), for every node the command compiled."""


def step_results(
    results: RunResults,
    context: RunContext,
    step_index: int,
    tests: Mapping[str, TestView],
    parents: Mapping[str, Sequence[str]],
    ephemeral: AbstractSet[str] = frozenset(),
) -> StepResults:
    """Turn one run_results.json into rows.

    `tests` tells what each test checked in this run, `parents` what each node reads. Nothing is
    ever built of the `ephemeral` models: Core does not mention them, Fusion skips them in every
    run, which is no news.
    """
    results = structs.replace(
        results,
        results=[
            one
            for one in results.results
            if one.unique_id not in ephemeral or one.status.lower() != "skipped"
        ],
    )
    executing = is_executing(results)
    compiled = tuple((r.unique_id, r.compiled_code) for r in results.results if r.compiled_code)
    if not executing:
        return StepResults(_invocation(results, context, step_index, ()), (), (), compiled)
    causes = root_causes(results, parents)
    executions = tuple(
        _execution(result, results, context, step_index, causes) for result in results.results
    )
    test_rows = tuple(
        _test_result(row, result, tests.get(row.unique_id, TestView()))
        for row, result in zip(executions, results.results, strict=True)
        if row.unique_id.startswith(TEST_PREFIXES)
    )
    return StepResults(
        _invocation(results, context, step_index, executions), executions, test_rows, compiled
    )


def is_executing(results: RunResults) -> bool:
    """Whether the command really built or tested.

    Besides the command's name, a data test that "succeeded" gives a compile-only file away: a test
    that ran passes, warns, fails or errors.
    """
    compile_only = any(
        r.unique_id.startswith("test.") and r.status.lower() == "success" for r in results.results
    )
    return results.is_executing and not compile_only


def bare_invocation(
    metadata: Metadata,
    context: RunContext,
    step_index: int,
    *,
    command: str | None,
    elapsed: float | None,
) -> InvocationRow:
    """Describe a command that left no run_results.json, such as `dbt source freshness`."""
    return InvocationRow(
        account_id=context.account_id,
        invocation_id=metadata.invocation_id or f"{context.run_id}/{step_index}",
        run_id=context.run_id,
        step_index=step_index,
        job_id=context.job_id,
        project_id=context.project_id,
        environment_id=context.environment_id,
        command=command,
        is_executing=False,
        dbt_version=metadata.dbt_version,
        adapter_type=metadata.adapter_type,
        started_at=instant(metadata.invocation_started_at),
        generated_at=instant(metadata.generated_at),
        elapsed_seconds=elapsed,
        ok_count=0,
        warn_count=0,
        bad_count=0,
        skipped_count=0,
        other_count=0,
        args=None,
    )


def _invocation(
    results: RunResults,
    context: RunContext,
    step_index: int,
    executions: tuple[NodeExecutionRow, ...],
) -> InvocationRow:
    metadata = results.metadata
    groups = [row.status_group for row in executions]
    return InvocationRow(
        account_id=context.account_id,
        invocation_id=metadata.invocation_id or f"{context.run_id}/{step_index}",
        run_id=context.run_id,
        step_index=step_index,
        job_id=context.job_id,
        project_id=context.project_id,
        environment_id=context.environment_id,
        command=results.command,
        is_executing=is_executing(results),
        dbt_version=metadata.dbt_version,
        adapter_type=metadata.adapter_type,
        started_at=instant(metadata.invocation_started_at),
        generated_at=instant(metadata.generated_at),
        elapsed_seconds=results.elapsed_time,
        ok_count=groups.count("ok"),
        warn_count=groups.count("warn"),
        bad_count=groups.count("bad"),
        skipped_count=groups.count("skipped"),
        other_count=groups.count("other"),
        args=to_json(results.kept_args),
    )


def _execution(
    result: Result,
    results: RunResults,
    context: RunContext,
    step_index: int,
    causes: Mapping[str, str],
) -> NodeExecutionRow:
    compile_started, compile_completed = result.phase("compile")
    execute_started, execute_completed = result.phase("execute")
    status = result.status.lower()
    group = status_group(status)
    adapter = result.adapter
    response = canonical(result.adapter_response)
    batches = canonical(result.batch_results)
    batches_ok, batches_failed = result.batches
    return NodeExecutionRow(
        account_id=context.account_id,
        invocation_id=results.metadata.invocation_id or f"{context.run_id}/{step_index}",
        unique_id=result.unique_id,
        project_id=context.project_id,
        environment_id=context.environment_id,
        node_key=node_key(context.account_id, context.environment_id, result.unique_id),
        job_id=context.job_id,
        run_id=context.run_id,
        step_index=step_index,
        feeds_state=context.counts(group),
        resource_type=result.unique_id.partition(".")[0],
        relation_name=result.relation_name,
        status=status,
        status_group=group,
        execution_seconds=result.execution_time,
        compile_started_at=compile_started,
        compile_completed_at=compile_completed,
        execute_started_at=execute_started,
        execute_completed_at=execute_completed,
        completed_at=execute_completed or compile_completed or _written(results, context),
        message=clean(result.message),
        root_cause=causes.get(result.unique_id),
        failures=result.failures,
        rows_affected=adapter.rows_affected,
        bytes_processed=adapter.bytes_processed,
        query_id=adapter.query_id or adapter.job_id,
        thread_id=result.thread_id,
        adapter_response=Json(response) if response and response != "{}" else None,
        batch_results=Json(batches) if batches and batches != "{}" else None,
        batches_ok=batches_ok,
        batches_failed=batches_failed,
    )


def _written(results: RunResults, context: RunContext) -> datetime:
    return instant(results.metadata.generated_at) or context.finished_at


def _test_result(row: NodeExecutionRow, result: Result, test: TestView) -> TestResultRow:
    return TestResultRow(
        account_id=row.account_id,
        invocation_id=row.invocation_id,
        test_unique_id=row.unique_id,
        project_id=row.project_id,
        environment_id=row.environment_id,
        node_key=row.node_key,
        job_id=row.job_id,
        run_id=row.run_id,
        step_index=row.step_index,
        feeds_state=row.feeds_state,
        target_unique_id=test.target_unique_id,
        relation_name=test.target_relation_name,
        column_name=test.column_name,
        status=row.status,
        status_group=row.status_group,
        severity=test.severity,
        failures=row.failures,
        message=row.message,
        execution_seconds=row.execution_seconds,
        executed_at=row.completed_at,
        failures_relation=result.relation_name or test.failures_relation,
        compiled_code_hash=code_hash(result.compiled_code),
    )
