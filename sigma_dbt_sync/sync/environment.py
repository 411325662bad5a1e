"""Brings one environment's current tables up to date with a batch of its runs.

What is current follows from which manifests and catalog are the newest, and from where the nodes
stand; not from the order in which runs were loaded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.run_entry import ArtifactKind
from sigma_dbt_sync.normalize.catalog_in_force import catalog_in_force
from sigma_dbt_sync.normalize.definitions import (
    CURRENT_TABLES,
    TOLD_TABLES,
    current_rows,
    source_code_rows,
)
from sigma_dbt_sync.normalize.node_status import Observations, fold
from sigma_dbt_sync.normalize.project import project_in_force
from sigma_dbt_sync.normalize.run_context import NEVER
from sigma_dbt_sync.normalize.run_facts import HAVE, RunFacts
from sigma_dbt_sync.normalize.versions import VARIANT_LIFETIME
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.docs_work import EnvironmentNews
from sigma_dbt_sync.sync.health import plan_health
from sigma_dbt_sync.sync.history import Environment, moments_of, plan_history
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.graph import DBT_CODE
from sigma_dbt_sync.tables.ledger import ArtifactRow
from sigma_dbt_sync.tables.node_status import DBT_NODE_STATUS, NodeStatusRow
from sigma_dbt_sync.tables.tests import DBT_TESTS
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
    news = _observations(environment_id, facts, present.account_id)
    touched = fold(before, news, lambda ids: present.history(environment_id, ids))
    after = {**before, **touched}
    retold = {
        unique_id: row
        for unique_id, row in touched.items()
        if _told(row) != _told(before.get(unique_id))
    }
    changes: list[Change] = [Change(DBT_NODE_STATUS, list(touched.values()))]
    known = [row for run in facts for row in run.artifacts]
    manifests = _Newest(present, environment_id, "manifest", known)
    catalogs = _Newest(present, environment_id, "catalog", known)
    orphans = {_compiled(before.get(unique_id)) for unique_id in retold}
    orphans |= {hashed for run in facts for hashed in run.code}
    moved = len(manifests.after) > 1 and any(
        row.ok_variant != _variant(before.get(unique_id)) for unique_id, row in touched.items()
    )
    if manifests.after and (manifests.changed or catalogs.changed or moved):
        changes += _definitions(
            environment_id, manifests.after, catalogs.after, after, present, archived
        )
        orphans |= present.source_code(environment_id, *TOLD_TABLES)
    else:
        changes += _retold(environment_id, retold, present)
    project_id = next((row.project_id for row in after.values() if row.project_id), None)
    environment = Environment(present.account_id, project_id, environment_id)
    stored = moments_of(present.manifests(environment_id))
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
        has_new_catalog=catalogs.changed,
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


class _Newest:
    """The newest artifacts of a kind, one per variant, before and after the batch."""

    def __init__(
        self,
        present: Present,
        environment_id: int,
        kind: ArtifactKind,
        batch: Iterable[ArtifactRow],
    ) -> None:
        before = present.newest_artifacts(environment_id, kind)
        new = [
            row for row in batch if row.artifact == kind and row.state in HAVE and row.feeds_state
        ]
        self.after = _in_force([*before, *new])
        # the order counts, too: what was never built is as the newest of all variants defines it
        self.changed = [(row.variant, row.sha256) for row in _in_force(before)] != [
            (row.variant, row.sha256) for row in self.after
        ]


def _in_force(artifacts: Iterable[ArtifactRow]) -> list[ArtifactRow]:
    """Pick the newest artifact of every variant that still counts, newest first."""
    by_variant = {row.variant: row for row in sorted(artifacts, key=_age)}
    ordered = sorted(by_variant.values(), key=_age, reverse=True)
    oldest = _age(ordered[0])[0] - VARIANT_LIFETIME if ordered else NEVER
    return [row for row in ordered if _age(row)[0] >= oldest]


def _age(row: ArtifactRow) -> tuple[datetime, int, int]:
    return row.run_started_at or NEVER, row.run_id, row.step_index


def _definitions(
    environment_id: int,
    manifests: Sequence[ArtifactRow],
    catalogs: Sequence[ArtifactRow],
    status: Mapping[str, NodeStatusRow],
    present: Present,
    archived: Archived,
) -> Iterator[Change]:
    """Write every current row of the environment anew; unchanged ones are not touched."""
    project_ids = [row.project_id for row in status.values() if row.project_id is not None]
    project = project_in_force(
        [(row.variant, archived.manifest(row.sha256)) for row in manifests if row.sha256],
        built_by=lambda unique_id: _variant(status.get(unique_id)),
        account_id=present.account_id,
        project_id=project_ids[0] if project_ids else None,
        environment_id=environment_id,
        catalog={},
    )
    tables = (read_catalog(archived.blob(row.sha256)).relations() for row in catalogs if row.sha256)
    project = replace(project, catalog=catalog_in_force(project, tables))
    yield Change(DBT_CODE, DBT_CODE.keyed(source_code_rows(project)))
    scope = {"account_id": [present.account_id], "environment_id": [environment_id]}
    rows = current_rows(project, status)
    for table in CURRENT_TABLES:
        yield Change(table, rows[table], replaces=scope)


def _retold(
    environment_id: int, retold: Mapping[str, NodeStatusRow], present: Present
) -> Iterator[Change]:
    """The project is the same; only what runs tell of some nodes has moved on."""
    for table in TOLD_TABLES:
        key = "test_unique_id" if table is DBT_TESTS else "unique_id"
        rows = present.nodes(table, key, environment_id, list(retold))
        changed = [
            structs.replace(
                row,
                **{
                    name: value
                    for name, value in _told(retold[getattr(row, key)]).items()
                    if hasattr(row, name)
                },
            )
            for row in rows
        ]
        if changed:
            yield Change(table, changed)


def _told(row: NodeStatusRow | None) -> dict[str, object]:
    """What rows of current tables repeat from a node's status."""
    return {
        "compiled_code_hash": row.compiled_code_hash if row else None,
        "first_seen_at": row.first_seen_at if row else None,
    }


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


def _compiled(row: NodeStatusRow | None) -> str | None:
    return row.compiled_code_hash if row else None


def _variant(row: NodeStatusRow | None) -> str | None:
    return row.ok_variant if row else None
