"""What Sigma is asked to do: one request per table, whatever changed in it. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property

from msgspec import Struct

from sigma_dbt_sync.normalize.keys import digest
from sigma_dbt_sync.tables.delivery import DocChangeRow

Path = tuple[str, ...]
ConnectionOf = Callable[[int | None], str | None]
"""Names the Sigma connection of a dbt Cloud project, as the settings do."""

BY_CHANGE, BY_HAND, BY_MIGRATION = "doc_changes", "baseline", "schema_migration"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Relation(Struct, frozen=True, kw_only=True):
    """Where a node's relation lies in the warehouse that dbt builds."""

    account_id: int
    environment_id: int
    project_id: int | None
    node_key: str
    unique_id: str
    relation_key: str | None
    path: Path


class Request(Struct, frozen=True, kw_only=True, dict=True):
    """Make Sigma sync one table, and show these descriptions afterwards.

    `overruled` are changes of other nodes that build the same table: the node that built it last
    has the last word, so theirs are not looked for.
    """

    relation: Relation
    connection: str
    cause: str
    change_ids: tuple[str, ...]
    columns: dict[str, str]
    relation_description: str | None = None
    overruled: tuple[str, ...] = ()
    asked_in: str | None = None
    """The delivery in which it was asked for by hand: each such asking is a request of its own."""
    known_as: str | None = None
    """Its id, when it was written down before anybody made it."""

    @property
    def table(self) -> tuple[str, Path]:
        """The one table it is about: no two deliveries may work on it at once."""
        return self.connection, self.relation.path

    @cached_property
    def request_id(self) -> str:
        """The same changes of the same table are the same request, whoever asks."""
        if self.known_as:
            return self.known_as
        changes = sorted([*self.change_ids, *self.overruled])
        return digest([*self.table, changes, self.asked_in])

    @property
    def name(self) -> str:
        """The table, as people write it."""
        return ".".join(filter(None, self.relation.path))

    @property
    def change_count(self) -> int:
        """Changed descriptions it settles."""
        return len(self.change_ids) + len(self.overruled)


def requests_for(
    changes: Iterable[DocChangeRow],
    relations: Mapping[str, Relation],
    connection_of: ConnectionOf,
) -> list[Request]:
    """Group changes into one request per connection and table, oldest change first.

    `relations` by node_key. A change whose relation is gone, or whose project has no connection,
    asks for nothing.
    """
    by_table: defaultdict[tuple[str, Path], list[DocChangeRow]] = defaultdict(list)
    for change in changes:
        relation = relations.get(change.node_key)
        connection = connection_of(change.project_id)
        if relation and connection:
            by_table[connection, relation.path].append(change)
    oldest_first = sorted(by_table.items(), key=lambda item: min(c.changed_at for c in item[1]))
    return [_request(connection, found, relations) for (connection, _), found in oldest_first]


def _request(
    connection: str, changes: Sequence[DocChangeRow], relations: Mapping[str, Relation]
) -> Request:
    newest = max(changes, key=lambda c: (c.built_at or _LONG_AGO, c.built_run_id or 0, c.node_key))
    told = [change for change in changes if change.node_key == newest.node_key]
    own = next((change for change in told if not change.column_key), None)
    return Request(
        relation=relations[newest.node_key],
        connection=connection,
        cause=BY_CHANGE,
        change_ids=tuple(change.change_id for change in told),
        columns={c.column_name: c.description for c in told if c.column_name},
        relation_description=own.description if own else None,
        overruled=tuple(c.change_id for c in changes if c.node_key != newest.node_key),
    )
