"""Keeps dbt_doc_changes: which descriptions changed in an environment, and how far each has come.

Only environments count whose descriptions are to reach Sigma. What was in such an environment when
this deployment met it is its baseline: recorded, never sent by itself.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from sigma_dbt_sync.docs_diff.carry import carry_on, told
from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.run_facts import ReadBytes
from sigma_dbt_sync.sync.docs_facts import FactsOf
from sigma_dbt_sync.sync.docs_work import EnvironmentNews, work_on
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.account import EnvironmentRow
from sigma_dbt_sync.tables.delivery import DBT_DOC_BASELINES, DBT_DOC_CHANGES, DocBaselineRow
from sigma_dbt_sync.warehouse.base import Change


class SigmaReach(Struct, frozen=True, kw_only=True):
    """Of which environments Sigma is told, and what it is never told by itself."""

    chosen: Collection[int] = ()
    """Environments by id; empty: the production ones."""
    copied_until: Mapping[int, datetime] = {}
    """Newest run, by environment, of those that another warehouse was loaded with before."""
    to_come: Collection[int] = ()
    """Environments of which later batches of this load bring newer runs."""

    def includes(self, environment: EnvironmentRow | None) -> bool:
        """Whether Sigma is told of descriptions there."""
        if environment is None:
            return False
        is_chosen = environment.environment_id in self.chosen
        return is_chosen if self.chosen else environment.is_production


def plan_docs_of_all(
    environments: Mapping[int, EnvironmentRow],
    news: Iterable[EnvironmentNews],
    reach: SigmaReach,
    present: Present,
    read: ReadBytes,
) -> Iterator[Change]:
    """Plan what a batch changes of the descriptions that are to reach Sigma."""
    baselines = present.doc_baselines()
    for environment_id, copied_until in reach.copied_until.items():
        if environment_id not in baselines and reach.includes(environments.get(environment_id)):
            row = _baseline(present.account_id, environment_id, copied_until)
            yield Change(DBT_DOC_BASELINES, [row])
    for of_one in news:
        environment_id = of_one.environment_id
        if reach.includes(environments.get(environment_id)):
            yield from _plan_docs(of_one, baselines.get(environment_id), reach, present, read)
        elif environment_id in baselines:
            yield from _forget_docs(environment_id, present)


def _plan_docs(
    news: EnvironmentNews,
    baseline: DocBaselineRow | None,
    reach: SigmaReach,
    present: Present,
    read: ReadBytes,
) -> Iterator[Change]:
    """Plan what a batch changes of an environment's descriptions.

    Without `baseline`, one is made: the environment's first manifest when the warehouse meets the
    environment now, its newest when the warehouse knew it before it was chosen, and the newest run
    of all when another warehouse was loaded with them before.
    """
    known = [*news.manifests_before, *news.manifests]
    if not known:
        return
    is_first = baseline is None
    if baseline is None:
        met_at = max(news.manifests_before, default=min(known))
        met_at = reach.copied_until.get(news.environment_id, met_at)
        baseline = _baseline(present.account_id, news.environment_id, met_at)
        yield Change(DBT_DOC_BASELINES, [baseline])
    work = work_on(news, present, is_first=is_first)
    if not work.unique_ids:
        return
    facts = FactsOf(
        news,
        work,
        present,
        read,
        baseline_at=baseline.baseline_at,
        is_complete=news.environment_id not in reach.to_come,
    )
    rows = [
        row
        for unique_id in work.unique_ids
        for row in carry_on(
            work.derived.get(unique_id, ()),
            work.stored.get(unique_id, ()),
            facts.of(unique_id),
            known_until=max(known),
        )
    ]
    keys = [
        node_key(present.account_id, news.environment_id, unique_id)
        for unique_id in work.unique_ids
    ]
    yield Change(DBT_DOC_CHANGES, rows, replaces={"node_key": keys})


def _forget_docs(environment_id: int, present: Present) -> Iterator[Change]:
    """Plan the end of an environment whose descriptions are to reach Sigma no longer.

    What Sigma was told stays. Should the environment be chosen again, it gets a new baseline.
    """
    scope = {"account_id": [present.account_id], "environment_id": [environment_id]}
    yield Change(DBT_DOC_BASELINES, [], replaces=scope)
    stored = present.of_environment(DBT_DOC_CHANGES, environment_id)
    keys = sorted({row.node_key for row in stored})
    yield Change(DBT_DOC_CHANGES, told(stored), replaces={"node_key": keys})


def _baseline(account_id: int, environment_id: int, baseline_at: datetime) -> DocBaselineRow:
    return DocBaselineRow(
        account_id=account_id, environment_id=environment_id, baseline_at=baseline_at
    )
