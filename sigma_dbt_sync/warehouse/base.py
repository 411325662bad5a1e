"""What every warehouse can do, and what is handed to it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Protocol

import pyarrow as pa

from sigma_dbt_sync.docs_diff.comments import TableComments
from sigma_dbt_sync.tables.spec import Row, Table

Place = tuple[str, str, str]
"""Database, schema and name of a table or view."""


@dataclass(frozen=True, slots=True)
class Change:
    """New contents for some rows of one table.

    `rows` are merged by the table's key; a row whose content is unchanged is not written.
    `replaces` names whose rows these are: for `{"run_id": [1, 2]}`, rows of runs 1 and 2 that are
    not among `rows` are deleted. With several columns a row must match in all of them. Empty:
    nothing is deleted.
    """

    table: Table[Any]
    rows: Sequence[Row]
    replaces: Mapping[str, Sequence[object]] = field(default_factory=dict[str, Sequence[object]])

    def doubled_key(self) -> dict[str, object] | None:
        """Find a key that two of the rows share; a warehouse would take both, or neither."""
        key_of: Callable[[Row], object] = attrgetter(*self.table.key)
        if len(set(map(key_of, self.rows))) == len(self.rows):
            return None
        ((key, _),) = Counter(map(key_of, self.rows)).most_common(1)
        row = next(row for row in self.rows if key_of(row) == key)
        return {name: getattr(row, name) for name in self.table.key}


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes that become visible together or not at all.

    `planned_at` is the warehouse's `generation` when the batch was planned. `orphans` names code
    hashes that may have lost their last reference; those that have are deleted.
    """

    sync_id: str
    planned_at: int
    changes: tuple[Change, ...]
    orphaned_code: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What one publish did to one table."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Sum two publishes."""
        return Counts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.deleted + other.deleted,
        )

    @property
    def written(self) -> int:
        """Rows touched in any way."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class Identity:
    """Which warehouse this is, and how many batches it has taken."""

    warehouse_id: str
    generation: int


def named_in(done: Iterable[str]) -> set[str]:
    """Name the tables and views in a report of `Warehouse.migrate`."""
    return {line.rpartition(" ")[2].partition(".")[0] for line in done}


class Warehouse(Protocol):
    """A place that holds the metadata tables.

    Every method may raise WarehouseBusy (retry later) or WarehouseError.
    """

    target: str
    """Where it is, in words without secrets, such as duckdb:data/dbt_metadata.duckdb."""

    @property
    def statements(self) -> int | None:
        """How many statements were run so far; None where nobody pays for them."""
        ...

    def is_absent(self) -> bool:
        """Whether there is certainly nothing there yet, found out without connecting."""
        ...

    def migrate(self) -> list[str]:
        """Create or extend tables and views where this version needs it; return what was done.

        Each line ends with the name of the table or view, or of its column; see `named_in`.

        Raises:
            SchemaMismatch: a column has another type; nothing is changed.
        """
        ...

    def schema_for_sigma(self) -> tuple[str, str] | None:
        """Name database and schema of the tables as Sigma does; None where no Sigma reaches."""
        ...

    def identity(self) -> Identity:
        """Read the warehouse's id and generation."""
        ...

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one SELECT; table names are unqualified. Timestamps come back in UTC."""
        ...

    def publish(self, batch: Batch) -> dict[str, Counts]:
        """Apply a batch in one transaction and raise the generation by one.

        The generation may stay as it is when the batch changes nothing.

        Raises:
            BatchOutdated: the generation is not `batch.planned_at` any more; nothing is changed.
        """
        ...

    def comments(self, places: Collection[Place]) -> dict[Place, TableComments]:
        """Read the comments of tables and views that dbt built, wherever in this warehouse.

        Only what is certain is told: a relation that is not there, may not be seen, or lies in a
        database this connection does not reach, is left out. Names are matched as the warehouse
        compares them, and columns are named as it holds them. One query per database.
        """
        ...

    def drop(self, *, keep: Collection[str] = ()) -> list[str]:
        """Drop everything this package created but the tables to keep; return the names."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...
