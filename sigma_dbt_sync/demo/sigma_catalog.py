"""What a Sigma organization knows of its warehouses, and when it learns it.

The catalog of a connection is as old as the last sync of each level: the sync of a schema discovers
tables and forgets dropped ones, and only the sync of a table brings its columns and comments up to
date. Paths are tuples of names, compared as they are written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

Path = tuple[str, ...]

_DEPTHS = {"redshift": 2}
_USUAL_DEPTH = 3


class Undiscovered(Exception):
    """Sigma does not know what is asked for, or has no grant on it."""


@dataclass(frozen=True, slots=True)
class TableComments:
    """What the information schema says of a table; columns in their order."""

    comment: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


InformationSchema = Callable[[], Mapping[Path, TableComments]]


@dataclass(eq=False, kw_only=True)
class WarehouseConnection:
    """One connection: the warehouse as it is, and `indexed`, the warehouse as Sigma knows it.

    `annotations` are descriptions that people wrote in Sigma, by path and column.
    """

    id: str
    name: str
    information_schema: InformationSchema
    type: str = "snowflake"
    use_oauth: bool = False
    friendly_name: bool = False
    is_archived: bool = False
    indexed: dict[Path, TableComments] = field(default_factory=dict[Path, TableComments])
    annotations: dict[tuple[Path, str], str] = field(default_factory=dict[tuple[Path, str], str])
    _scopes: set[Path] = field(default_factory=set[Path], init=False)

    @property
    def depth(self) -> int:
        """How many names the path of a table has."""
        return _DEPTHS.get(self.type, _USUAL_DEPTH)

    def index_everything(self) -> None:
        """Do what Sigma's nightly index does."""
        self.indexed = dict(self.information_schema())

    def kind_of(self, path: Path) -> str | None:
        """Say what Sigma knows at a path."""
        if path in self.indexed:
            return "table"
        known = path in self._scopes or any(table[: len(path)] == path for table in self.indexed)
        return "scope" if known else None

    def sync(self, path: Path) -> str:
        """Look again at one level, and name it.

        Raises:
            Undiscovered: the table is not in the catalog, or nothing stands at the path.
        """
        present = self.information_schema()
        below = {table for table in present if table[: len(path)] == path}
        if len(path) == self.depth:
            self._sync_table(path, present)
            return "table"
        if path and not below:
            raise Undiscovered(path)
        if len(path) == self.depth - 1:
            self._sync_schema(path, {table: present[table] for table in below})
            return "schema"
        self._scopes |= {table[: len(path) + 1] for table in below}
        return "database" if path else "connection"

    def columns(self, path: Path) -> list[tuple[str, str | None]]:
        """List the columns of an indexed table with the description that Sigma shows."""
        return [
            (name, self.annotations.get((path, name), comment))
            for name, comment in self.indexed[path].columns.items()
        ]

    def _sync_table(self, path: Path, present: Mapping[Path, TableComments]) -> None:
        if path not in present:
            self.indexed.pop(path, None)
        if path not in self.indexed:
            raise Undiscovered(path)
        self.indexed[path] = present[path]

    def _sync_schema(self, schema: Path, present: Mapping[Path, TableComments]) -> None:
        self._scopes.add(schema)
        for table in [table for table in self.indexed if table[:-1] == schema]:
            if table not in present:
                del self.indexed[table]
        for table, comments in present.items():
            bare = TableComments(columns=dict.fromkeys(comments.columns))
            self.indexed.setdefault(table, bare)


@dataclass(frozen=True, slots=True)
class Synced:
    """A sync that was taken."""

    connection_id: str
    path: Path
    level: str
    at: datetime


@dataclass(eq=False, kw_only=True)
class Organization:
    """A Sigma organization in memory; tests change any of it while it is served.

    `credential_styles` are the ways in which it takes credentials, `seconds_between_tokens` 0
    switches the limiter off, page sizes are the most it gives at once.
    """

    connections: list[WarehouseConnection]
    clock: Callable[[], datetime]
    client_id: str = "demo_client"
    client_secret: str = "demo_secret"  # noqa: S105 - opens nothing but the demo
    credential_styles: set[str] = field(default_factory=lambda: {"basic", "form"})
    token_seconds: float = 3600
    seconds_between_tokens: float = 1.0
    connections_a_page: int = 2
    columns_a_page: int = 1000
    syncs: list[Synced] = field(default_factory=list[Synced])

    def connection(self, name_or_id: str) -> WarehouseConnection | None:
        """Find a connection."""
        found = [one for one in self.connections if name_or_id in {one.id, one.name}]
        return found[0] if found else None

    def sync(self, connection: WarehouseConnection, path: Path) -> None:
        """Sync and remember it.

        Raises:
            Undiscovered: see `WarehouseConnection.sync`.
        """
        level = connection.sync(path)
        self.syncs.append(Synced(connection.id, path, level, self.clock()))
