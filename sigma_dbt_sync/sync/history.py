"""Keeps an environment's history of definitions.

Usually a batch's manifests are newer than all before, and what they changed is appended. When one
is older (a backfill, a run that started early and was loaded late), or when another variant has
come to govern a node, the environment's history is made again from the archived manifests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.errors import ArchiveError
from sigma_dbt_sync.normalize.difference import Difference, difference
from sigma_dbt_sync.normalize.keys import code_row
from sigma_dbt_sync.normalize.project import (
    RELATION_TYPES,
    Project,
    project_in_force,
    resource_type,
)
from sigma_dbt_sync.normalize.run_context import NEVER
from sigma_dbt_sync.normalize.run_facts import HAVE, ReadManifest
from sigma_dbt_sync.normalize.versions import Chain, Moment, governors
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
    read_manifest: ReadManifest,
) -> list[Change]:
    """Plan the versions that a batch's manifests bring.

    `stored` are the manifests known before; `newest` are those in force after the batch, one per
    variant, newest first.
    """
    before = set(stored)
    arrived = set(moments_of(batch)) - before
    if not arrived:
        return []
    in_force = [(row.variant, _relations(read_manifest(row.sha256 or ""))) for row in newest]
    built_by = {uid: row.ok_variant for uid, row in status.items() if row.ok_variant is not None}
    last = {moment.variant: moment for moment in sorted(before, key=_age)}
    history = _History(environment, read_manifest)
    if not any(m.variant in last and _age(m) < _age(last[m.variant]) for m in arrived):
        nodes, columns = present.newest_versions(environment.environment_id)
        history.begin(nodes, columns)
        history.grow(arrived, {variant: moment.sha256 for variant, moment in last.items()})
        governing = governors(history.chains, in_force, built_by)
        if all(governing[row.unique_id] == row.variant for row in nodes):
            return history.changes(governing, replaces={})
        history = _History(environment, read_manifest)
    history.grow(before | arrived, {})
    scope = {
        "account_id": [environment.account_id],
        "environment_id": [environment.environment_id],
    }
    governing = governors(history.chains, in_force, built_by)
    return history.changes(governing, replaces=scope)


class _History:
    """One chain per variant, and the source code that versions name."""

    def __init__(self, environment: Environment, read_manifest: ReadManifest) -> None:
        self._environment = environment
        self._read_manifest = read_manifest
        self._code: dict[str, CodeRow] = {}
        self.chains: dict[str, Chain] = {}

    def begin(self, nodes: Sequence[NodeVersionRow], columns: Sequence[ColumnVersionRow]) -> None:
        """Take up the chains where their newest versions end."""
        for variant in {row.variant for row in nodes}:
            self.chains[variant] = Chain(
                (row for row in nodes if row.variant == variant),
                (row for row in columns if row.variant == variant),
            )

    def grow(self, moments: Iterable[Moment], latest: dict[str, str]) -> None:
        """Extend the chains, oldest manifest first; `latest` is the last sha256 of each variant."""
        for moment in sorted(moments, key=_age):
            before = latest.get(moment.variant)
            if before == moment.sha256:
                continue
            latest[moment.variant] = moment.sha256
            project = self._project(moment.sha256)
            found = self._difference(before, project)
            only = found.unique_ids if found else None
            self.chains.setdefault(moment.variant, Chain()).extend(moment, project, only)
            for node in project.relations(only):
                if node.source_code:
                    row = code_row(project.account_id, node.source_code, node.language)
                    self._code[row.code_hash] = row

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
        self, governing: Mapping[str, str], *, replaces: Mapping[str, Sequence[object]]
    ) -> list[Change]:
        """Keep of each chain the nodes it governs."""
        nodes: list[NodeVersionRow] = []
        columns: list[ColumnVersionRow] = []
        for variant, chain in self.chains.items():
            nodes += [row for row in chain.nodes if governing[row.unique_id] == variant]
            columns += [row for row in chain.columns if governing[row.unique_id] == variant]
        named = {row.raw_code_hash for row in nodes}
        code = [row for hashed, row in self._code.items() if hashed in named]
        return [
            Change(DBT_CODE, code),
            Change(DBT_NODE_VERSIONS, DBT_NODE_VERSIONS.keyed(nodes), replaces),
            Change(DBT_COLUMN_VERSIONS, DBT_COLUMN_VERSIONS.keyed(columns), replaces),
        ]


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
        if row.artifact == "manifest" and row.state in HAVE
    ]


def _age(moment: Moment) -> tuple[datetime, int, int]:
    return moment.started_at, moment.run_id, moment.step_index
