"""Keeps the changes of every relation's health.

Usually a batch's results and manifests are newer than all that is known of the relations they
concern, and changes are appended. A relation about which something older arrives (runs overlap,
artifacts come late, history is backfilled) is folded again from all that is stored about it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sigma_dbt_sync.normalize.health import NOTHING, Order, freshness_of, standing_of
from sigma_dbt_sync.normalize.health_fold import Change as HealthChange
from sigma_dbt_sync.normalize.health_fold import Event, Result, State, fold_health
from sigma_dbt_sync.normalize.health_results import (
    checks,
    execution_order,
    freshness_order,
    results,
)
from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.project import resource_type
from sigma_dbt_sync.normalize.run_facts import RunFacts
from sigma_dbt_sync.normalize.versions import Moment
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.health_inputs import Manifests, Reader
from sigma_dbt_sync.sync.health_known import Known
from sigma_dbt_sync.sync.health_rows import change_rows
from sigma_dbt_sync.sync.history import Environment
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.health import DBT_HEALTH_CHANGES, DBT_HEALTH_INPUTS, HealthInputRow
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.results import (
    DBT_SOURCE_FRESHNESS,
    NodeExecutionRow,
    SourceFreshnessRow,
)
from sigma_dbt_sync.tables.runs import DBT_RUNS
from sigma_dbt_sync.warehouse.base import Change


def plan_health(
    environment: Environment,
    stored: Sequence[Moment],
    facts: Sequence[RunFacts],
    status: Mapping[str, NodeStatusRow],
    present: Present,
    archived: Archived,
) -> list[Change]:
    """Plan the changes of health that a batch brings.

    `stored` are the manifests known before the batch, `status` is where nodes stood before it.
    """
    manifests = Manifests(stored, facts)
    news = _News(facts, status)
    if manifests.is_quiet and not news.events and not news.late:
        return []
    account_id, environment_id = environment.account_id, environment.environment_id
    newest = present.newest_health_inputs(environment_id)
    reader = Reader(stored, newest, facts, archived, lambda: _all_inputs(present, environment_id))
    made = manifests.rows(environment, reader)
    obsolete = sorted(manifests.obsolete)
    gone = present.nodes(DBT_HEALTH_INPUTS, "run_id", environment_id, obsolete)
    known = Known(newest, made, gone, status, manifests)
    again, ahead = known.sort_out(news.events, news.late)
    fold = _Fold(environment_id, known, made, manifests, news, status, present)
    rows = change_rows([*fold.on(ahead), *fold.anew(again)], environment, facts, present)
    inputs_of = {"account_id": [account_id], "run_id": obsolete} if obsolete else {}
    changes_of = [node_key(account_id, environment_id, uid) for uid in sorted(again)]
    return [
        Change(DBT_HEALTH_INPUTS, made, inputs_of),
        Change(DBT_HEALTH_CHANGES, rows, {"node_key": changes_of} if again else {}),
    ]


def _all_inputs(present: Present, environment_id: int) -> list[HealthInputRow]:
    return present.of_environment(DBT_HEALTH_INPUTS, environment_id)


class _News:
    """What a batch says about nodes: events in order, and nodes of which something older came."""

    def __init__(self, facts: Sequence[RunFacts], status: Mapping[str, NodeStatusRow]) -> None:
        self.variants = {run.context.run_id: run.context.variant for run in facts}
        self.executions: defaultdict[str, list[NodeExecutionRow]] = defaultdict(list)
        self.freshness: defaultdict[str, list[SourceFreshnessRow]] = defaultdict(list)
        for run in facts:
            for execution in run.executions:
                if execution.feeds_state:
                    self.executions[execution.unique_id].append(execution)
            for check in run.freshness:
                if check.feeds_state:
                    self.freshness[check.unique_id].append(check)
        self.events: list[Result] = []
        self.late: set[str] = set()
        for unique_id, found in self.executions.items():
            before = standing_of(status.get(unique_id))
            if _is_late(before.latest, map(execution_order, found)):
                self.late.add(unique_id)
            else:
                self.events += results(found, before, self.variants)
        for unique_id, checked in self.freshness.items():
            before = freshness_of(status.get(unique_id))
            if _is_late(before.latest, map(freshness_order, checked)):
                self.late.add(unique_id)
            else:
                self.events += checks(checked, before, self.variants)


@dataclass(frozen=True, slots=True)
class _Fold:
    """Folds relations on from where they stand, or anew from all that is stored."""

    environment_id: int
    known: Known
    made: Sequence[HealthInputRow]
    manifests: Manifests
    news: _News
    status: Mapping[str, NodeStatusRow]
    present: Present

    def on(self, relations: set[str]) -> list[HealthChange]:
        """Fold relations of which all news is newer than what was known."""
        if not relations:
            return []
        inputs, status = self.known.inputs_of(relations), self.status
        newest, timeline = self.manifests.newest, self.manifests.timeline
        state = State(
            (row for row in self.known.newest if row.input_unique_id in inputs),
            timeline.at(newest) if newest else (),
            {uid: standing_of(status[uid]) for uid in inputs if uid in status},
            {uid: freshness_of(status[uid]) for uid in relations if uid in status},
        )
        rows = [row for row in self.made if row.input_unique_id in inputs]
        events: list[Event] = [*timeline.definitions(rows, newest)]
        events += [event for event in self.news.events if event.unique_id in inputs]
        return fold_health(state, events, relations)

    def anew(self, relations: set[str]) -> list[HealthChange]:
        """Fold relations from the very beginning."""
        if not relations:
            return []
        present, environment_id, loaded = self.present, self.environment_id, self.news.variants
        inputs = sorted(self.known.inputs_of(relations))
        rows = present.nodes(DBT_HEALTH_INPUTS, "input_unique_id", environment_id, inputs)
        rows = [row for row in rows if row.run_id not in self.manifests.obsolete]
        rows += [row for row in self.made if row.input_unique_id in set(inputs)]
        executions = {uid: list(self.news.executions.get(uid, ())) for uid in inputs}
        freshness = {uid: list(self.news.freshness.get(uid, ())) for uid in inputs}
        variants = dict(loaded)
        for execution, variant in present.history(environment_id, inputs):
            if execution.run_id not in loaded:
                executions[execution.unique_id].append(execution)
                variants[execution.run_id] = variant
        sources = [uid for uid in inputs if resource_type(uid) == "source"]
        for check in present.nodes(DBT_SOURCE_FRESHNESS, "unique_id", environment_id, sources):
            if check.feeds_state and check.run_id not in loaded:
                freshness[check.unique_id].append(check)
        checked = {check.run_id for found in freshness.values() for check in found}
        unnamed = sorted(checked - variants.keys())
        for run in present.nodes(DBT_RUNS, "run_id", environment_id, unnamed):
            variants[run.run_id] = run.variant
        events: list[Event] = [*self.manifests.timeline.definitions(rows)]
        for uid in inputs:
            events += results(executions[uid], NOTHING, variants)
            events += checks(freshness[uid], NOTHING, variants)
        return fold_health(State(), events, relations)


def _is_late(known: Order | None, orders: Iterable[Order]) -> bool:
    return known is not None and min(orders) <= known
