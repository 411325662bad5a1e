"""What a dbt project declares without building it: exposures, the semantic layer, groups.

Each kind fills the fields it has, under the names it had in its version: metrics had
`calculation_method` and `expression` in manifest v7 to v9, `type` and `sql` before, `type` and
`type_params` since. Blocks stay as JSON, because tables show them as a whole.
"""

from msgspec import Raw, Struct, field

NULL = Raw(b"null")


class DeclaredConfig(Struct, frozen=True, gc=False):
    """The parts of its config that tables show."""

    group: str | None = None
    tags: list[str] | str | None = None
    meta: Raw = NULL


class DeclaredDependsOn(Struct, frozen=True, gc=False):
    """Nodes that it reads."""

    nodes: list[str] = []


class Declared(Struct, frozen=True, gc=False):
    """An exposure, metric, semantic model, saved query or group."""

    unique_id: str
    name: str
    package_name: str | None = None
    original_file_path: str | None = None
    label: str | None = None
    type_told: str | None = field(default=None, name="type")
    calculation_method: str | None = None
    description: str | None = None
    url: str | None = None
    maturity: str | None = None
    owner: Raw = NULL
    group: str | None = None
    tags_told: list[str] | str | None = field(default=None, name="tags")
    meta: Raw = NULL
    config: DeclaredConfig | None = None
    depends_on: DeclaredDependsOn | None = None
    type_params: Raw = NULL
    filter: Raw = NULL
    time_granularity: Raw = NULL
    expression: Raw = NULL
    sql: Raw = NULL
    timestamp: Raw = NULL
    filters: Raw = NULL
    time_grains: Raw = NULL
    window: Raw = NULL
    model: Raw = NULL
    defaults: Raw = NULL
    primary_entity: Raw = NULL
    entities: Raw = NULL
    dimensions: Raw = NULL
    measures: Raw = NULL
    query_params: Raw = NULL
    exports: Raw = NULL

    @property
    def type(self) -> str | None:
        """Kind of exposure or metric."""
        return self.type_told or self.calculation_method

    @property
    def tags(self) -> list[str]:
        """Tags, which semantic models have in their config alone."""
        told = self.tags_told or (self.config.tags if self.config else None) or []
        return [told] if isinstance(told, str) else told

    @property
    def parents(self) -> list[str]:
        """Nodes it reads directly."""
        return self.depends_on.nodes if self.depends_on else []
