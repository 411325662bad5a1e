"""Where every node stands, folded from what runs reported.

Results are folded in the order they became known (completion time, then run, then step). A result
older than what a node already shows changes the fold's past, so that node is folded again from its
whole history. Everything else is a maximum or minimum, which no order of arrival can change.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import Struct, structs

from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.messages import for_people, of_freshness
from sigma_dbt_sync.normalize.project import RELATION_TYPES, resource_type
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.results import NodeExecutionRow, SourceFreshnessRow

History = Callable[[list[str]], Iterable[tuple[NodeExecutionRow, str]]]
"""Reads all stored executions of some nodes that feed state, each with its run's variant, in any
order."""

_NOT_BUILT = frozenset({"no-op", "noop", "reused"})
_RESULT_FIELDS = ("latest_", "attempt", "ok_", "failing_since_")


class Compiled(Struct, frozen=True, kw_only=True):
    """A node's code as one step of a run compiled it."""

    unique_id: str
    code_hash: str
    run_started_at: datetime
    run_id: int
    step_index: int


class Observations(Struct, kw_only=True):
    """What new runs of one environment say about its nodes."""

    account_id: int
    project_id: int | None
    environment_id: int
    executions: list[NodeExecutionRow]
    freshness: list[SourceFreshnessRow]
    compiled: list[Compiled]
    seen: dict[str, datetime]
    """unique_id to the start of the first of these runs whose manifest has the node."""
    variants: dict[int, str]
    """run_id to variant, of these runs."""


def fold(
    status: Mapping[str, NodeStatusRow], news: Observations, history: History
) -> dict[str, NodeStatusRow]:
    """Fold new observations into the rows in force; return the rows of every node touched."""
    touched = _Touched(status, news)
    for unique_id, moment in news.seen.items():
        row = touched.row(unique_id)
        if row.first_seen_at is None or moment < row.first_seen_at:
            touched.update(unique_id, first_seen_at=moment)
    for compiled in news.compiled:
        _fold_compiled(touched, compiled)
    for check in news.freshness:
        if check.feeds_state:
            _fold_freshness(touched, check)
    _fold_executions(touched, news, history)
    return touched.rows


class _Touched:
    """Rows being changed, begun from what is in force."""

    def __init__(self, status: Mapping[str, NodeStatusRow], news: Observations) -> None:
        self._status = status
        self._news = news
        self.rows: dict[str, NodeStatusRow] = {}

    def row(self, unique_id: str) -> NodeStatusRow:
        present = self.rows.get(unique_id) or self._status.get(unique_id)
        if present is not None:
            return present
        news = self._news
        return NodeStatusRow(
            account_id=news.account_id,
            environment_id=news.environment_id,
            unique_id=unique_id,
            project_id=news.project_id,
            node_key=node_key(news.account_id, news.environment_id, unique_id),
            resource_type=resource_type(unique_id),
        )

    def update(self, unique_id: str, **fields: object) -> None:
        self.rows[unique_id] = structs.replace(self.row(unique_id), **fields)


def _fold_compiled(touched: _Touched, new: Compiled) -> None:
    row = touched.row(new.unique_id)
    present = _order(row.compiled_at, row.compiled_run_id, row.compiled_step_index)
    if present is None or (new.run_started_at, new.run_id, new.step_index) >= present:
        touched.update(
            new.unique_id,
            compiled_code_hash=new.code_hash,
            compiled_at=new.run_started_at,
            compiled_run_id=new.run_id,
            compiled_step_index=new.step_index,
        )


def _fold_freshness(touched: _Touched, new: SourceFreshnessRow) -> None:
    row = touched.row(new.unique_id)
    present = _order(row.freshness_at, row.freshness_run_id, row.freshness_step_index)
    if present is None or (new.snapshotted_at, new.run_id, new.step_index) >= present:
        touched.update(
            new.unique_id,
            freshness_status=new.status,
            freshness_status_group=new.status_group,
            freshness_at=new.snapshotted_at,
            freshness_job_id=new.job_id,
            freshness_run_id=new.run_id,
            freshness_step_index=new.step_index,
            freshness_message=of_freshness(new),
            max_loaded_at=new.max_loaded_at,
            freshness_age_seconds=new.age_seconds,
            relation_name=new.relation_name,
        )


def _fold_executions(touched: _Touched, news: Observations, history: History) -> None:
    by_node: defaultdict[str, list[NodeExecutionRow]] = defaultdict(list)
    for execution in news.executions:
        if execution.feeds_state:
            by_node[execution.unique_id].append(execution)
    variants = dict(news.variants)
    late = [uid for uid, found in by_node.items() if _is_late(touched.row(uid), found)]
    for execution, variant in history(late) if late else ():
        if execution.run_id not in news.variants:
            by_node[execution.unique_id].append(execution)
            variants[execution.run_id] = variant
    for unique_id in late:
        touched.update(unique_id, **_cleared(touched.row(unique_id)))
    for unique_id, executions in by_node.items():
        row = touched.row(unique_id)
        for execution in sorted(executions, key=_when):
            row = _after(row, execution, variants)
        touched.rows[unique_id] = row


def _is_late(row: NodeStatusRow, executions: Iterable[NodeExecutionRow]) -> bool:
    """Whether one of these results is older than what the node already shows."""
    present = _order(row.latest_at, row.latest_run_id, row.latest_step_index)
    return present is not None and min(map(_when, executions)) < present


def _after(row: NodeStatusRow, new: NodeExecutionRow, variants: Mapping[int, str]) -> NodeStatusRow:
    """The row after one more result."""
    message = for_people(new.message)
    changes: dict[str, object] = {
        "project_id": new.project_id,
        "relation_name": new.relation_name or row.relation_name,
        "latest_status": new.status,
        "latest_status_group": new.status_group,
        "latest_at": new.completed_at,
        "latest_run_id": new.run_id,
        "latest_step_index": new.step_index,
        "latest_message": message,
        "latest_root_cause": new.root_cause,
    }
    if new.status_group != "skipped":
        changes |= {
            "attempt_status": new.status,
            "attempt_status_group": new.status_group,
            "attempted_at": new.completed_at,
            "attempt_invocation_id": new.invocation_id,
            "attempt_job_id": new.job_id,
            "attempt_run_id": new.run_id,
            "attempt_step_index": new.step_index,
            "attempt_message": message,
            "attempt_failures": new.failures,
            "attempt_rows_affected": new.rows_affected,
            "attempt_query_id": new.query_id,
            "attempt_seconds": new.execution_seconds,
        }
    if is_good(new):
        changes |= {
            "ok_at": new.completed_at,
            "ok_at_text": f"{new.completed_at:%Y-%m-%d %H:%M}",
            "ok_job_id": new.job_id,
            "ok_run_id": new.run_id,
            "ok_variant": variants[new.run_id],
        }
    if new.status_group in ("ok", "warn"):
        changes |= {"failing_since_at": None, "failing_since_run_id": None}
    elif new.status_group == "bad" and row.failing_since_at is None:
        changes |= {"failing_since_at": new.completed_at, "failing_since_run_id": new.run_id}
    return structs.replace(row, **changes)


def is_good(new: NodeExecutionRow) -> bool:
    """Whether a test passed or a relation was built; a warning still builds a relation."""
    if new.status in _NOT_BUILT:
        return False
    is_relation = new.resource_type in RELATION_TYPES
    return new.status_group == "ok" or (is_relation and new.status_group == "warn")


def _when(execution: NodeExecutionRow) -> tuple[datetime, int, int]:
    return execution.completed_at, execution.run_id, execution.step_index


def _order(
    moment: datetime | None, run_id: int | None, step_index: int | None
) -> tuple[datetime, int, int] | None:
    return None if moment is None else (moment, run_id or 0, step_index or 0)


def _cleared(row: NodeStatusRow) -> dict[str, None]:
    names = (name for name in row.__struct_fields__ if name.startswith(_RESULT_FIELDS))
    return dict.fromkeys(names)
