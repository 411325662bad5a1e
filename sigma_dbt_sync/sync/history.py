"""Keeps an environment's history of definitions.

Usually a batch's manifests are newer than all before, and what they changed is appended. When one
is older (a backfill, a run that started early and was loaded late), when another variant has come
to govern a node, or when a variant lapses, the environment's history is made again from the
archived manifests. As far back as these were pruned, it stays as it was written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import structs

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.errors import ArchiveError
from sigma_dbt_sync.normalize.difference import Difference, difference
from sigma_dbt_sync.normalize.health import Order
from sigma_dbt_sync.normalize.health_inputs import order_of
from sigma_dbt_sync.normalize.keys import code_row
from sigma_dbt_sync.normalize.lapses import Turn, turns
from sigma_dbt_sync.normalize.project import (
    RELATION_TYPES,
    Project,
    project_in_force,
    resource_type,
)
from sigma_dbt_sync.normalize.run_context import NEVER
from sigma_dbt_sync.normalize.run_facts import HAVE, ReadManifest
from sigma_dbt_sync.normalize.versions import Chain, Moment, governors
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.graph import DBT_CODE, CodeRow
from sigma_dbt_sync.tables.ledger import ArtifactRow
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.versions import (
    DBT_COLUMN_VERSIONS,
    DBT_NODE_VERSIONS,
    ColumnVersionRow,
    NodeVersionRow,
)
from sigma_dbt_sync.warehouse.base import Change

Versions = tuple[Sequence[NodeVersionRow], Sequence[ColumnVersionRow]]


@dataclass(frozen=True, slots=True)
class Environment:
    """Whose history it is."""

    account_id: int
    project_id: int | None
    environment_id: int


def plan_history(
    environment: Environment,
    stored: Iterable[Moment],
    batch: Iterable[ArtifactRow],
    newest: Sequence[ArtifactRow],
    status: Mapping[str, NodeStatusRow],
    present: Present,
    archived: Archived,
    *,
    is_moved: bool,
) -> list[Change]:
    """Plan the versions that a batch brings.

    `stored` are the manifests known before; `newest` are those in force after the batch, one per
    variant, newest first. `is_moved` tells that another variant than before has built a node.
    """
    before = set(stored)
    arrived = set(moments_of(batch)) - before
    if not arrived and not is_moved:
        return []
    in_force = [(row.variant, _relations(archived.manifest(row.sha256 or ""))) for row in newest]
    built_by = {uid: row.ok_variant for uid, row in status.items() if row.ok_variant is not None}
    history = _History(environment, archived.manifest)
    if _is_continued(before, arrived):
        nodes, columns = present.newest_versions(environment.environment_id)
        history.begin(nodes, columns)
        last = {moment.variant: moment.sha256 for moment in sorted(before, key=order_of)}
        history.grow(arrived, last)
        governing = governors(history.chains, in_force, built_by)
        if all(governing[row.unique_id] == row.variant for row in nodes):
            return history.changes(governing)
        history = _History(environment, archived.manifest)
    moments = before | arrived
    kept: Versions = ([], [])
    pruned = [order_of(one) for one in moments if one.run_id not in archived.run_ids]
    if pruned:
        kept = _versions_until(max(pruned)[0], environment.environment_id, present)
        history.go_on_from(kept)
    readable = [one for one in moments if not pruned or order_of(one) > max(pruned)]
    history.grow(readable, {}, turns(moments))
    return history.changes(
        governors(history.chains, in_force, built_by),
        kept,
        replaces={
            "account_id": [environment.account_id],
            "environment_id": [environment.environment_id],
        },
    )


def _versions_until(moment: datetime, environment_id: int, present: Present) -> Versions:
    nodes = present.of_environment(DBT_NODE_VERSIONS, environment_id)
    columns = present.of_environment(DBT_COLUMN_VERSIONS, environment_id)
    return (
        [row for row in nodes if row.valid_from <= moment],
        [row for row in columns if row.valid_from <= moment],
    )


def _is_continued(before: Iterable[Moment], arrived: Iterable[Moment]) -> bool:
    """Whether what has arrived just goes on from what each variant had.

    It does not when it is older, or when a variant lapses or comes back: what is removed then
    depends on all variants.
    """
    last = {moment.variant: order_of(moment) for moment in sorted(before, key=order_of)}
    is_newer = all(order_of(one) > last[one.variant] for one in arrived if one.variant in last)
    return is_newer and turns([*before, *arrived]) == turns(before)


class _History:
    """One chain per variant, and the source code that versions name."""

    def __init__(self, environment: Environment, read_manifest: ReadManifest) -> None:
        self._environment = environment
        self._read_manifest = read_manifest
        self._code: dict[str, CodeRow] = {}
        self._first: Versions = ([], [])
        self.chains: dict[str, Chain] = {}

    def begin(self, nodes: Sequence[NodeVersionRow], columns: Sequence[ColumnVersionRow]) -> None:
        """Take up the chains where their newest versions end."""
        for variant in {row.variant for row in nodes}:
            self.chains[variant] = Chain(
                (row for row in nodes if row.variant == variant),
                (row for row in columns if row.variant == variant),
            )

    def go_on_from(self, kept: Versions) -> None:
        """Let every chain begin with the newest of these, whichever variant they are of."""
        nodes, columns = kept
        self._first = (
            list({row.unique_id: row for row in sorted(nodes, key=_since)}.values()),
            list({(r.unique_id, r.column_key): r for r in sorted(columns, key=_since)}.values()),
        )

    def grow(
        self,
        moments: Iterable[Moment],
        latest: dict[str, str],
        turns: Mapping[Order, Turn] | None = None,
    ) -> None:
        """Extend the chains, oldest manifest first; `latest` is the last sha256 of each variant."""
        for moment in sorted(moments, key=order_of):
            before = latest.get(moment.variant)
            if before != moment.sha256:
                latest[moment.variant] = moment.sha256
                self._extend(moment, before)
            turn = turns.get(order_of(moment)) if turns else None
            if turn is not None:
                counting = (self._chain(variant).present for variant in turn.counting)
                elsewhere = set[str]().union(*counting)
                for variant in turn.lapsed:
                    self._chain(variant).lapse(structs.replace(moment, variant=variant), elsewhere)
                    latest.pop(variant, None)  # so that it is compared again when it comes back

    def _extend(self, moment: Moment, before: str | None) -> None:
        """Compare a manifest with the one before it, given by sha256, and with what that left."""
        project = self._project(moment.sha256)
        found = self._difference(before, project)
        only = found.unique_ids if found else None
        self._chain(moment.variant).extend(moment, project, only)
        for node in project.relations(only):
            if node.source_code:
                row = code_row(project.account_id, node.source_code, node.language)
                self._code[row.code_hash] = row

    def _chain(self, variant: str) -> Chain:
        return self.chains.setdefault(variant, Chain(*self._first))

    def _difference(self, before: str | None, project: Project) -> Difference | None:
        if before is None:
            return None
        try:
            return difference(self._project(before), project)
        except ArchiveError:  # forgotten: then every node is compared with its newest version
            return None

    def _project(self, sha256: str) -> Project:
        return project_in_force(
            [("", self._read_manifest(sha256))],
            built_by=lambda _: None,
            account_id=self._environment.account_id,
            project_id=self._environment.project_id,
            environment_id=self._environment.environment_id,
            catalog={},
        )

    def changes(
        self,
        governing: Mapping[str, str],
        kept: Versions = ((), ()),
        *,
        replaces: Mapping[str, Sequence[object]] | None = None,
    ) -> list[Change]:
        """Keep of each chain the nodes it governs, after what is `kept` of before."""
        nodes, columns = [*kept[0]], [*kept[1]]
        for variant, chain in self.chains.items():
            nodes += [row for row in chain.nodes if governing[row.unique_id] == variant]
            columns += [row for row in chain.columns if governing[row.unique_id] == variant]
        named = {row.raw_code_hash for row in nodes}
        code = [row for hashed, row in self._code.items() if hashed in named]
        scope = replaces or {}
        return [
            Change(DBT_CODE, code),
            Change(DBT_NODE_VERSIONS, DBT_NODE_VERSIONS.keyed(nodes), scope),
            Change(DBT_COLUMN_VERSIONS, DBT_COLUMN_VERSIONS.keyed(columns), scope),
        ]


def _since(row: NodeVersionRow | ColumnVersionRow) -> datetime:
    return row.valid_from


def _relations(manifest: Manifest) -> set[str]:
    nodes = {uid for uid in manifest.nodes if resource_type(uid) in RELATION_TYPES}
    return nodes | set(manifest.sources)


def moments_of(artifacts: Iterable[ArtifactRow]) -> list[Moment]:
    """Say when each usable manifest among these artifacts came into force."""
    return [
        Moment(
            started_at=row.run_started_at or NEVER,
            run_id=row.run_id,
            step_index=row.step_index,
            variant=row.variant,
            sha256=row.sha256 or "",
            git_sha=row.git_sha,
        )
        for row in artifacts
        if row.artifact == "manifest" and row.state in HAVE and row.feeds_state
    ]
