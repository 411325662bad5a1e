"""Everything one run tells, as rows that no other run can change.

Takes the archive entry and a way to read its artifacts; a damaged artifact becomes a row of
sync_artifacts with the reason, and the rest of the run is loaded.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct, structs

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.document import Metadata
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import Artifact, ArtifactKind, RunEntry
from sigma_dbt_sync.artifacts.run_results import read_run_results
from sigma_dbt_sync.artifacts.sources import read_sources
from sigma_dbt_sync.artifacts.unknown_keys import unknown_keys
from sigma_dbt_sync.artifacts.values import instant
from sigma_dbt_sync.artifacts.versions import version_note
from sigma_dbt_sync.errors import UnreadableArtifact
from sigma_dbt_sync.normalize.executions import bare_invocation, step_results
from sigma_dbt_sync.normalize.freshness import freshness_rows
from sigma_dbt_sync.normalize.keys import code_row, to_json
from sigma_dbt_sync.normalize.node_status import Compiled
from sigma_dbt_sync.normalize.run_context import STATUS, RunContext, run_context
from sigma_dbt_sync.normalize.runs import run_row, step_rows
from sigma_dbt_sync.normalize.test_targets import test_views
from sigma_dbt_sync.tables.graph import CodeRow
from sigma_dbt_sync.tables.ledger import ArtifactRow
from sigma_dbt_sync.tables.results import NodeExecutionRow, SourceFreshnessRow, TestResultRow
from sigma_dbt_sync.tables.runs import InvocationRow, RunRow, RunStepRow

ReadBytes = Callable[[str], bytes]
"""Reads an archived artifact by its sha256."""

ReadManifest = Callable[[str], Manifest]
"""Reads and decodes an archived manifest; callers cache, because runs share manifests."""

HAVE = ("found", "shared")


@dataclass(slots=True)
class RunFacts:
    """The rows of one run."""

    context: RunContext
    entry: RunEntry
    entry_sha256: str
    manifest: Manifest | None = None
    invocations: dict[str, InvocationRow] = field(default_factory=dict[str, InvocationRow])
    executions: list[NodeExecutionRow] = field(default_factory=list[NodeExecutionRow])
    tests: list[TestResultRow] = field(default_factory=list[TestResultRow])
    freshness: list[SourceFreshnessRow] = field(default_factory=list[SourceFreshnessRow])
    compiled: list[Compiled] = field(default_factory=list[Compiled])
    code: dict[str, CodeRow] = field(default_factory=dict[str, CodeRow])
    artifacts: list[ArtifactRow] = field(default_factory=list[ArtifactRow])
    taken: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(kind, invocation_id) of the results taken so far."""
    busy_steps: set[int] = field(default_factory=set[int])
    """Steps that did something, as far as results tell."""

    @property
    def known_nodes(self) -> tuple[str, ...]:
        """unique_ids of the run's manifest, as far as tables show them."""
        manifest = self.manifest
        if manifest is None:
            return ()
        return (*manifest.nodes, *manifest.sources, *manifest.unit_tests, *manifest.functions)

    @property
    def run(self) -> RunRow:
        """The run's own row."""
        return run_row(
            self.entry,
            self.entry_sha256,
            list(self.invocations.values()),
            self.executions,
            self.freshness,
        )

    @property
    def steps(self) -> list[RunStepRow]:
        """A row per step."""
        return step_rows(self.entry, self.invocations.values())


def run_facts(
    entry: RunEntry, entry_sha256: str, read: ReadBytes, read_manifest: ReadManifest
) -> RunFacts:
    """Decode a run's artifacts into rows."""
    facts = RunFacts(run_context(entry), entry, entry_sha256)
    ordered = sorted(
        entry.artifacts, key=lambda found: (found.kind != "manifest", found.step_index)
    )
    for artifact in ordered:
        if artifact.state not in HAVE or artifact.sha256 is None:
            facts.artifacts.append(_ledger(facts, artifact, artifact.state, artifact.reason))
            continue
        try:
            taken = _take(facts, artifact, artifact.sha256, read, read_manifest)
        except UnreadableArtifact as damaged:
            facts.artifacts.append(_ledger(facts, artifact, "unreadable", str(damaged)))
            continue
        state = artifact.state if taken.is_new else "duplicate"
        note = version_note(artifact.kind, taken.metadata.dbt_schema_version)
        facts.artifacts.append(_ledger(facts, artifact, state, note, taken))
    _distrust(facts)
    return facts


def _distrust(facts: RunFacts) -> None:
    """Let no manifest count whose step failed before it did anything.

    Fusion writes one even when it cannot parse the project, and leaves out what it could not parse.
    """
    failed = {step.index for step in facts.entry.steps if STATUS.get(step.status or 0) == "error"}
    idle = failed - facts.busy_steps
    facts.artifacts = [
        structs.replace(row, feeds_state=False)
        if row.artifact == "manifest" and row.step_index in idle
        else row
        for row in facts.artifacts
    ]


class _Taken(Struct, frozen=True):
    """What the ledger tells of an artifact that was read."""

    metadata: Metadata
    unknown_keys: list[str]
    is_new: bool = True


def _take(
    facts: RunFacts, artifact: Artifact, sha256: str, read: ReadBytes, read_manifest: ReadManifest
) -> _Taken:
    """Add one artifact's rows."""
    if artifact.kind == "manifest":
        manifest = read_manifest(sha256)
        manifest.decode_all()
        facts.manifest = manifest
        if artifact.state == "found":
            _take_compiled_of_manifest(facts, artifact.step_index)
        return _Taken(manifest.metadata, manifest.unknown_keys)
    data = read(sha256)
    match artifact.kind:
        case "run_results":
            metadata, is_new = _take_run_results(facts, artifact.step_index, data)
        case "sources":
            metadata, is_new = _take_sources(facts, artifact.step_index, data)
        case "catalog":
            metadata, is_new = read_catalog(data).metadata, True
            facts.busy_steps.add(artifact.step_index)
    return _Taken(metadata, unknown_keys(artifact.kind, data), is_new)


def _take_run_results(facts: RunFacts, step_index: int, data: bytes) -> tuple[Metadata, bool]:
    """Add a command's results, once: a step may serve the file that an earlier step wrote."""
    results = read_run_results(data)
    if not results.is_idle:
        facts.busy_steps.add(step_index)
    manifest = facts.manifest
    views = test_views(manifest) if manifest else {}
    parents = manifest.parents if manifest else {}
    ephemeral = manifest.ephemeral if manifest else frozenset[str]()
    rows = step_results(results, facts.context, step_index, views, parents, ephemeral)
    if not _is_new(facts, "run_results", rows.invocation.invocation_id):
        return results.metadata, False
    facts.invocations[rows.invocation.invocation_id] = _with_adapter(rows.invocation, manifest)
    facts.executions.extend(rows.executions)
    facts.tests.extend(rows.tests)
    tested = {row.test_unique_id for row in rows.tests}
    for unique_id, code in rows.compiled:
        row = code_row(facts.context.account_id, code, None)
        if unique_id in tested:
            facts.code[row.code_hash] = row
        _take_compiled(facts, step_index, unique_id, row)
    return results.metadata, True


def _take_sources(facts: RunFacts, step_index: int, data: bytes) -> tuple[Metadata, bool]:
    sources = read_sources(data)
    if sources.results:
        facts.busy_steps.add(step_index)
    row = bare_invocation(
        sources.metadata,
        facts.context,
        step_index,
        command="freshness",
        elapsed=sources.elapsed_time,
    )
    if not _is_new(facts, "sources", row.invocation_id):
        return sources.metadata, False
    manifest = facts.manifest
    facts.invocations.setdefault(row.invocation_id, _with_adapter(row, manifest))
    names = {uid: node.relation_name for uid, node in manifest.sources.items()} if manifest else {}
    facts.freshness.extend(freshness_rows(sources, facts.context, step_index, names))
    return sources.metadata, True


def _with_adapter(row: InvocationRow, manifest: Manifest | None) -> InvocationRow:
    """Name the adapter as the run's manifest does, because no other artifact names it."""
    if row.adapter_type or manifest is None:
        return row
    return structs.replace(row, adapter_type=manifest.metadata.adapter_type)


def _is_new(facts: RunFacts, kind: ArtifactKind, invocation_id: str) -> bool:
    """Whether no earlier step served this file; one command may write a file of each kind."""
    taken = (kind, invocation_id)
    is_new = taken not in facts.taken
    facts.taken.add(taken)
    return is_new


def _take_compiled_of_manifest(facts: RunFacts, step_index: int) -> None:
    if facts.manifest is not None:
        for unique_id, node in (facts.manifest.nodes | facts.manifest.functions).items():
            if node.compiled:
                row = code_row(facts.context.account_id, node.compiled, node.language)
                _take_compiled(facts, step_index, unique_id, row)


def _take_compiled(facts: RunFacts, step_index: int, unique_id: str, row: CodeRow) -> None:
    """Note a node's compiled code, when the run says something about the node."""
    context = facts.context
    if context.feeds_state:
        facts.code[row.code_hash] = row
        facts.compiled.append(
            Compiled(
                unique_id=unique_id,
                code_hash=row.code_hash,
                run_started_at=context.started_at,
                run_id=context.run_id,
                step_index=step_index,
            )
        )


def _ledger(
    facts: RunFacts,
    artifact: Artifact,
    state: str,
    reason: str | None,
    taken: _Taken | None = None,
) -> ArtifactRow:
    told = taken.metadata if taken else Metadata()
    return ArtifactRow(
        account_id=facts.context.account_id,
        run_id=facts.context.run_id,
        step_index=artifact.step_index,
        artifact=artifact.kind,
        environment_id=facts.context.environment_id,
        variant=facts.context.variant,
        run_started_at=facts.context.started_at,
        git_sha=facts.entry.run.git_sha,
        feeds_state=facts.context.feeds_state,
        state=state,
        reason=reason,
        sha256=artifact.sha256,
        size_bytes=artifact.size,
        from_run_id=artifact.from_run_id,
        invocation_id=told.invocation_id,
        schema_version=told.dbt_schema_version,
        dbt_version=told.dbt_version,
        generated_at=instant(told.generated_at),
        unknown_keys=to_json(taken.unknown_keys) if taken and taken.unknown_keys else None,
    )
