"""Reads catalog.json: the relations and columns that the warehouse really had.

Shape: https://schemas.getdbt.com/dbt/catalog/v1.json. Core lists tables of stored test failures as
`test.*` nodes; they are left out here.
"""

from msgspec import Raw, Struct, field, json

from sigma_dbt_sync.artifacts.document import Metadata, decode_document
from sigma_dbt_sync.artifacts.values import plain, whole_number

_NUMBERS = ("num_rows", "row_count", "rows")
_SIZES = ("num_bytes", "bytes", "size")


class TableMetadata(Struct, frozen=True, gc=False):
    """Name, kind and comment of a relation, as the warehouse holds them."""

    type: str | None = None
    schema: str | None = None
    name: str | None = None
    database: str | None = None
    comment: str | None = None
    owner: str | None = None


class CatalogColumn(Struct, frozen=True, gc=False):
    """One column of a relation."""

    name: str
    type: str | None = None
    index: int | None = None
    comment: str | None = None


class Stat(Struct, frozen=True, gc=False):
    """One statistic the adapter offers."""

    value: Raw = Raw(b"null")


class CatalogTable(Struct, frozen=True, gc=False):
    """One relation."""

    metadata: TableMetadata = field(default_factory=TableMetadata)
    columns: dict[str, CatalogColumn] = {}
    stats: dict[str, Stat] = {}

    @property
    def row_count(self) -> int | None:
        """Rows, for adapters that say."""
        return self._number(_NUMBERS)

    @property
    def size_bytes(self) -> int | None:
        """Bytes, for adapters that say."""
        return self._number(_SIZES)

    @property
    def last_modified(self) -> str | None:
        """When its data last changed, as the adapter writes it."""
        stat = self.stats.get("last_modified")
        value = plain(stat.value) if stat else None
        return value if isinstance(value, str) else None

    def _number(self, names: tuple[str, ...]) -> int | None:
        stats = (self.stats[name] for name in names if name in self.stats)
        numbers = (whole_number(plain(stat.value)) for stat in stats)
        return next((number for number in numbers if number is not None), None)


class Catalog(Struct, frozen=True, kw_only=True, gc=False):
    """One catalog.json."""

    metadata: Metadata = field(default_factory=Metadata)
    nodes: dict[str, CatalogTable]
    sources: dict[str, CatalogTable] = {}

    def relations(self) -> dict[str, CatalogTable]:
        """All relations by unique_id, without tables of stored test failures."""
        nodes = {uid: table for uid, table in self.nodes.items() if not uid.startswith("test.")}
        return nodes | self.sources


_CATALOG = json.Decoder(Catalog, strict=False)


def read_catalog(data: bytes) -> Catalog:
    """Decode catalog.json.

    Raises:
        UnreadableArtifact: it is not valid JSON or has another shape.
    """
    return decode_document(_CATALOG, data, "catalog")
