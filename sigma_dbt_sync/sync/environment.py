"""Brings what is kept of one environment up to date with a batch of its runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sigma_dbt_sync.normalize.node_status import Observations, fold
from sigma_dbt_sync.normalize.run_facts import RunFacts
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.definitions import (
    InForce,
    Reader,
    ok_variant,
    plan_definitions,
    plan_retold,
    retold,
    told,
)
from sigma_dbt_sync.sync.docs_work import EnvironmentNews
from sigma_dbt_sync.sync.health import plan_health
from sigma_dbt_sync.sync.history import Environment, moments_of, plan_history
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.ledger import ArtifactRow
from sigma_dbt_sync.tables.node_status import DBT_NODE_STATUS
from sigma_dbt_sync.tables.versions import DBT_NODE_VERSIONS
from sigma_dbt_sync.warehouse.base import Change


@dataclass(frozen=True, slots=True)
class EnvironmentUpdate:
    """Changes of one environment, and what its own row should say."""

    changes: tuple[Change, ...]
    orphaned_code: tuple[str, ...]
    definitions: ArtifactRow | None
    """The newest manifest, when there is one."""
    news: EnvironmentNews


def update_environment(
    environment_id: int,
    facts: Sequence[RunFacts],
    present: Present,
    archived: Archived,
) -> EnvironmentUpdate:
    """Plan the changes that these runs, all of one environment and feeding its state, bring."""
    before = present.node_status(environment_id)
    observed = _observations(environment_id, facts, present.account_id)
    touched = fold(before, observed, lambda ids: present.history(environment_id, ids))
    after = {**before, **touched}
    changes: list[Change] = [Change(DBT_NODE_STATUS, list(touched.values()))]
    known = [row for run in facts for row in run.artifacts]
    artifacts = present.artifacts(environment_id)
    manifests = InForce("manifest", artifacts, known)
    catalogs = InForce("catalog", artifacts, known)
    orphans = {told(before.get(uid)).compiled_code_hash for uid in retold(before, touched)}
    moved = len(manifests.after) > 1 and any(
        row.ok_variant != ok_variant(before.get(unique_id)) for unique_id, row in touched.items()
    )
    if manifests.after and (manifests.is_changed or catalogs.is_changed or moved):
        reader = Reader(present.account_id, environment_id, archived)
        defined, unused = plan_definitions(reader, manifests, catalogs, before, after, present)
        changes += defined
        orphans |= unused
    else:
        changes += plan_retold(environment_id, before, touched, present)
    project_id = next((row.project_id for row in after.values() if row.project_id), None)
    environment = Environment(present.account_id, project_id, environment_id)
    stored = moments_of(artifacts)
    changes += plan_health(environment, stored, facts, before, present, archived)
    versions = plan_history(
        environment,
        stored,
        known,
        manifests.after,
        after,
        present,
        archived,
        is_moved=moved,
    )
    if any(change.replaces for change in versions):
        orphans |= present.source_code(environment_id, DBT_NODE_VERSIONS)
    news = EnvironmentNews(
        environment_id=environment_id,
        facts=facts,
        manifests_before=[moment.started_at for moment in stored],
        manifests=[moment.started_at for moment in moments_of(known)],
        catalogs=catalogs.after,
        has_new_catalog=catalogs.is_changed,
        status_before=before,
        status=after,
        versions=versions,
    )
    return EnvironmentUpdate(
        changes=(*changes, *versions),
        orphaned_code=tuple(sorted(hashed for hashed in orphans if hashed)),
        definitions=manifests.after[0] if manifests.after else None,
        news=news,
    )


def renew_environment(
    environment_id: int, present: Present, archived: Archived
) -> tuple[list[Change], list[str]]:
    """Plan the current tables anew: another version of this package may have made their rows."""
    artifacts = present.artifacts(environment_id)
    manifests = InForce("manifest", artifacts)
    if not manifests.after:
        return [], []
    catalogs = InForce("catalog", artifacts)
    reader = Reader(present.account_id, environment_id, archived)
    status = present.node_status(environment_id)
    changes, unused = plan_definitions(reader, manifests, catalogs, None, status, present)
    return changes, sorted(hashed for hashed in unused if hashed)


def _observations(environment_id: int, facts: Sequence[RunFacts], account_id: int) -> Observations:
    contexts = [run.context for run in facts]
    news = Observations(
        account_id=account_id,
        project_id=contexts[-1].project_id,
        environment_id=environment_id,
        executions=[row for run in facts for row in run.executions],
        freshness=[row for run in facts for row in run.freshness],
        compiled=[compiled for run in facts for compiled in run.compiled],
        seen={},
        variants={context.run_id: context.variant for context in contexts},
    )
    for run in facts:
        for unique_id in run.known_nodes:
            first = news.seen.get(unique_id, run.context.started_at)
            news.seen[unique_id] = min(first, run.context.started_at)
    return news
