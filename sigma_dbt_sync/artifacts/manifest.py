"""Reads manifest.json: what exists in the dbt project.

The file is first split into nodes without building any of them; each is then decoded into the few
fields the tables need. Fields that moved between versions are handled here and nowhere else.
Shape: https://schemas.getdbt.com/dbt/manifest/v12.json
"""

from functools import cached_property

from msgspec import Raw, Struct, field, json, structs

from sigma_dbt_sync.artifacts.declared import Declared
from sigma_dbt_sync.artifacts.document import Metadata, Threshold, decode, decode_document
from sigma_dbt_sync.artifacts.unknown_keys import unknown_keys

NULL = Raw(b"null")


class PersistDocs(Struct, frozen=True, gc=False):
    """Whether dbt writes descriptions into the warehouse, per relation and per column."""

    relation: bool | None = None
    columns: bool | None = None


class Contract(Struct, frozen=True, gc=False):
    """Whether the model's columns are enforced."""

    enforced: bool | None = None


class Owner(Struct, frozen=True, gc=False):
    """Owner of a group or exposure."""

    name: str | None = None
    email: str | list[str] | None = None


class Freshness(Struct, frozen=True, gc=False):
    """Freshness thresholds of a source."""

    warn_after: Threshold | None = None
    error_after: Threshold | None = None


class Config(Struct, frozen=True, gc=False):
    """The parts of a node's config that tables show."""

    materialized: str | None = None
    severity: str | None = None
    warn_if: str | None = None
    error_if: str | None = None
    store_failures: bool | None = None
    persist_docs: PersistDocs | None = None
    contract: Contract | None = None
    group: str | None = None
    access: str | None = None
    freshness: Freshness | None = None
    loaded_at_field: str | None = None
    meta: Raw = NULL


class ColumnInfo(Struct, frozen=True, gc=False):
    """A column as the project's YAML describes it."""

    name: str
    description: str | None = None
    data_type: str | None = None
    quote: bool | None = None
    tags: list[str] = []
    meta: Raw = NULL
    constraints: Raw = NULL


class DependsOn(Struct, frozen=True, gc=False):
    """Nodes that a node reads."""

    nodes: list[str] = []


class TestMetadata(Struct, frozen=True, gc=False):
    """The generic test behind a test node."""

    __test__ = False

    name: str | None = None
    namespace: str | None = None
    kwargs: Raw = NULL


class Node(Struct, frozen=True, gc=False):
    """A node, source, exposure, metric or unit test; each kind fills the fields it has."""

    unique_id: str
    name: str
    resource_type: str = ""
    package_name: str | None = None
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    identifier: str | None = None
    relation_name: str | None = None
    description: str | None = None
    original_file_path: str | None = None
    language: str | None = None
    raw_code: str | None = None
    compiled_code: str | None = None
    raw_sql: str | None = None
    compiled_sql: str | None = None
    config: Config = field(default_factory=Config)
    tags: list[str] = []
    meta: Raw = NULL
    columns: dict[str, ColumnInfo] = {}
    constraints: Raw = NULL
    depends_on: DependsOn | None = None
    column_name: str | None = None
    attached_node: str | None = None
    test_metadata: TestMetadata | None = None
    group: str | None = None
    access: str | None = None
    version: int | float | str | None = None
    latest_version: int | float | str | None = None
    source_name: str | None = None
    source_description: str | None = None
    loader: str | None = None
    loaded_at_field: str | None = None
    freshness: Freshness | None = None
    owner: Owner | None = None

    @property
    def source_code(self) -> str | None:
        """Code as written; `raw_sql` until manifest v6."""
        return self.raw_code or self.raw_sql or None

    @property
    def compiled(self) -> str | None:
        """Code as compiled, when this command compiled it; `compiled_sql` until manifest v6."""
        return self.compiled_code or self.compiled_sql or None

    @property
    def parents(self) -> list[str]:
        """Nodes it reads directly."""
        return self.depends_on.nodes if self.depends_on else []


Section = dict[str, Raw] | list[Raw] | None
"""Entries by unique_id; some tools write null or a list."""


class _Spans(Struct, frozen=True, kw_only=True, gc=False):
    metadata: Metadata = field(default_factory=Metadata)
    nodes: dict[str, Raw]
    sources: Section = None
    exposures: Section = None
    metrics: Section = None
    semantic_models: Section = None
    saved_queries: Section = None
    unit_tests: Section = None
    functions: Section = None
    groups: Section = None


class _Id(Struct, frozen=True, gc=False):
    unique_id: str


_SPANS = json.Decoder(_Spans)
_NODE = json.Decoder(Node, strict=False)
_DECLARED = json.Decoder(Declared, strict=False)
_ID = json.Decoder(_Id)
_DECLARED_SECTIONS = ("exposures", "metrics", "semantic_models", "saved_queries", "groups")


class Manifest:
    """One manifest.json; nodes are decoded when first asked for."""

    def __init__(self, data: bytes) -> None:
        """Find where each node lies.

        Raises:
            UnreadableArtifact: the file is not a manifest.
        """
        self._data = data
        spans = decode_document(_SPANS, data, "manifest")
        self.metadata = spans.metadata
        self._sections = {
            name: _by_id(getattr(spans, name)) for name in spans.__struct_fields__[1:]
        }

    def decode_all(self) -> None:
        """Decode every node now rather than when first asked for.

        Raises:
            UnreadableArtifact: a node does not have the shape dbt documents.
        """
        _ = self.nodes, self.sources, self.exposures, self.semantics, self.unit_tests, self.groups
        _ = self.functions, self.declared

    @cached_property
    def unknown_keys(self) -> list[str]:
        """Names of keys that no dbt version known here writes."""
        return unknown_keys("manifest", self._data, self._sections)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Models, seeds, snapshots, tests, analyses, operations, by unique_id."""
        return _decoded(self._sections["nodes"])

    @cached_property
    def sources(self) -> dict[str, Node]:
        """Source tables, by unique_id."""
        return _decoded(self._sections["sources"])

    @cached_property
    def exposures(self) -> dict[str, Node]:
        """Exposures, by unique_id."""
        return _decoded(self._sections["exposures"])

    @cached_property
    def semantics(self) -> dict[str, Node]:
        """Metrics, semantic models and saved queries, by unique_id."""
        found = self._sections
        return _decoded(found["metrics"] | found["semantic_models"] | found["saved_queries"])

    @cached_property
    def functions(self) -> dict[str, Node]:
        """User-defined functions (dbt 1.11), by unique_id."""
        return _decoded(self._sections["functions"])

    @cached_property
    def declared(self) -> dict[str, Declared]:
        """Exposures, metrics, semantic models, saved queries and groups, by unique_id."""
        return {
            uid: structs.replace(decode(_DECLARED, raw, f"manifest.json, {uid}"), unique_id=uid)
            for section in _DECLARED_SECTIONS
            for uid, raw in self._sections[section].items()
        }

    @cached_property
    def unit_tests(self) -> dict[str, Node]:
        """Unit tests (manifest v12), by unique_id."""
        return _decoded(self._sections["unit_tests"])

    @cached_property
    def groups(self) -> dict[str, Owner]:
        """Owner of each group, by the group's name."""
        nodes = _decoded(self._sections["groups"])
        return {node.name: node.owner or Owner() for node in nodes.values()}

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """What each node, unit test, function, exposure and metric reads, by unique_id."""
        nodes = self.nodes | self.unit_tests | self.functions | self.exposures | self.semantics
        return {uid: node.parents for uid, node in nodes.items()}

    @cached_property
    def ephemeral(self) -> frozenset[str]:
        """unique_ids of models that are never built; Fusion reports them as skipped."""
        return frozenset(
            uid for uid, node in self.nodes.items() if node.config.materialized == "ephemeral"
        )

    @cached_property
    def tests(self) -> dict[str, Node]:
        """Data tests and unit tests, by unique_id."""
        data_tests = {uid: node for uid, node in self.nodes.items() if uid.startswith("test.")}
        return data_tests | self.unit_tests


def _by_id(section: Section) -> dict[str, Raw]:
    if isinstance(section, dict):
        return section
    return {decode(_ID, raw, "manifest.json").unique_id: raw for raw in section or ()}


def _decoded(spans: dict[str, Raw]) -> dict[str, Node]:
    """Decode nodes; should one call itself other than its key, the key is right."""
    nodes = {uid: decode(_NODE, raw, f"manifest.json, {uid}") for uid, raw in spans.items()}
    return {
        uid: node if node.unique_id == uid else structs.replace(node, unique_id=uid)
        for uid, node in nodes.items()
    }
