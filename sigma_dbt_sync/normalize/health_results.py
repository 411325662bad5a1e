"""Results and freshness checks as events: only those that may change a relation's health.

Most results say that what was fine still is; leaving them out early is what makes a load cheap.
"""

from collections.abc import Iterable, Iterator, Mapping

from sigma_dbt_sync.normalize.health import (
    Order,
    Standing,
    after_execution,
    after_freshness,
)
from sigma_dbt_sync.normalize.health_fold import Result
from sigma_dbt_sync.tables.results import NodeExecutionRow, SourceFreshnessRow


def results(
    executions: Iterable[NodeExecutionRow], before: Standing, variants: Mapping[int, str]
) -> Iterator[Result]:
    """Yield what executions of one node changed since `before`; `variants` are those of runs."""
    for new in sorted(executions, key=execution_order):
        variant = variants[new.run_id]
        after = after_execution(before, new, variant)
        if not after.is_as_quiet_as(before):
            yield Result(execution_order(new), new.unique_id, after, variant)
        before = after


def checks(
    freshness: Iterable[SourceFreshnessRow], before: Standing, variants: Mapping[int, str]
) -> Iterator[Result]:
    """Yield what freshness checks of one source changed since `before`."""
    for new in sorted(freshness, key=freshness_order):
        after = after_freshness(new)
        if not after.is_as_quiet_as(before):
            variant = variants[new.run_id]
            yield Result(freshness_order(new), new.unique_id, after, variant, is_freshness=True)
        before = after


def execution_order(row: NodeExecutionRow) -> Order:
    """Say when a result was known."""
    return row.completed_at, row.run_id, row.step_index


def freshness_order(row: SourceFreshnessRow) -> Order:
    """Say when a source's freshness was known."""
    return row.snapshotted_at, row.run_id, row.step_index
