"""The history of definitions: what each manifest changed against the one before it.

Manifests are compared in the order their runs started, each with the manifest before it of the same
variant: jobs that differ in target or variables would else seem to change a project back and forth.
Of a node that several variants know, the history of one variant counts, its governor: the one that
last built it, else the newest that knows it. A variant that no run has used for 30 days has lapsed:
what only it knew is removed, until it is used again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import Struct, structs

from sigma_dbt_sync.normalize.columns import column_rows
from sigma_dbt_sync.normalize.project import Project, resource_type
from sigma_dbt_sync.normalize.relations import relation_rows
from sigma_dbt_sync.tables.columns import ColumnRow
from sigma_dbt_sync.tables.relations import RelationRow
from sigma_dbt_sync.tables.spec import Row
from sigma_dbt_sync.tables.versions import ColumnVersionRow, NodeVersionRow


def _shared(version: type[Row], current: type[Row]) -> tuple[str, ...]:
    """Name the columns that a version repeats from a current row."""
    return tuple(name for name in version.__struct_fields__ if name in current.__struct_fields__)


V = TypeVar("V", NodeVersionRow, ColumnVersionRow)
Key = tuple[str, ...]

REMOVED = "removed"
VARIANT_LIFETIME = timedelta(days=30)
"""A variant that no run has used for so long decides nothing any more."""
_WHERE_AND_WHEN = frozenset(
    {"valid_from", "run_id", "git_sha", "variant", "change_kind", "changed_fields", "project_id"}
)
_OF_NODES = _shared(NodeVersionRow, RelationRow)
_OF_COLUMNS = _shared(ColumnVersionRow, ColumnRow)
_values_of_nodes = attrgetter(*_OF_NODES)
_values_of_columns = attrgetter(*_OF_COLUMNS)
_HASHES = frozenset({"definition_hash", "docs_hash"})


class Moment(Struct, frozen=True, kw_only=True):
    """When a manifest came into force."""

    started_at: datetime
    run_id: int
    step_index: int
    variant: str
    sha256: str
    git_sha: str | None


class Chain:
    """The history of one variant, grown manifest by manifest, oldest first."""

    def __init__(
        self, nodes: Iterable[NodeVersionRow] = (), columns: Iterable[ColumnVersionRow] = ()
    ) -> None:
        """Begin after the newest versions known; with none, at the very beginning."""
        self._nodes: dict[Key, NodeVersionRow] = {(row.unique_id,): row for row in nodes}
        self._columns: dict[Key, ColumnVersionRow] = {
            (row.unique_id, row.column_key): row for row in columns
        }
        self.nodes: list[NodeVersionRow] = []
        self.columns: list[ColumnVersionRow] = []

    def extend(
        self, moment: Moment, project: Project, only: AbstractSet[str] | None = None
    ) -> None:
        """Compare with the next manifest, given as a project without catalog and status.

        `only` the nodes with these unique_ids need to be compared: all others are as they were.
        """
        nodes = {
            (row.unique_id,): _node_version(row, moment)
            for row in relation_rows(project, {}, only, downstream={})
        }
        columns = {
            (row.unique_id, row.column_key): _column_version(row, moment)
            for row in column_rows(project, only)
        }
        self.nodes += _step(self._nodes, nodes, moment, only)
        self.columns += _step(self._columns, columns, moment, only)

    def lapse(self, moment: Moment, elsewhere: AbstractSet[str]) -> None:
        """Remove what no other variant has, because this one is used no more."""
        keys = {key for key in self._nodes.keys() | self._columns.keys() if key[0] not in elsewhere}
        self.nodes += _without(self._nodes, keys, moment)
        self.columns += _without(self._columns, keys, moment)

    @property
    def present(self) -> set[str]:
        """unique_ids of the nodes that are there now."""
        return {row.unique_id for row in self._nodes.values() if row.change_kind != REMOVED}

    @property
    def last(self) -> dict[str, NodeVersionRow]:
        """Newest version of every node the chain has known, by unique_id."""
        return {row.unique_id: row for row in self._nodes.values()}


def governors(
    chains: Mapping[str, Chain],
    in_force: Sequence[tuple[str, AbstractSet[str]]],
    built_by: Mapping[str, str],
) -> dict[str, str]:
    """Name the governing variant of every node that some chain knows.

    `in_force` are (variant, unique_ids of its newest manifest), newest first. A node that none of
    them has is governed by the variant that lost it last.
    """
    known: dict[str, list[NodeVersionRow]] = {}
    for chain in chains.values():
        for unique_id, row in chain.last.items():
            known.setdefault(unique_id, []).append(row)
    return {
        unique_id: _governor(unique_id, rows, in_force, built_by.get(unique_id))
        for unique_id, rows in known.items()
    }


def _governor(
    unique_id: str,
    rows: Sequence[NodeVersionRow],
    in_force: Sequence[tuple[str, AbstractSet[str]]],
    built_by: str | None,
) -> str:
    having = [variant for variant, unique_ids in in_force if unique_id in unique_ids]
    if built_by in having:
        return built_by
    return having[0] if having else max(rows, key=lambda row: (row.valid_from, row.run_id)).variant


def _step(
    present: dict[Key, V], found: Mapping[Key, V], moment: Moment, only: AbstractSet[str] | None
) -> Iterator[V]:
    """Yield what changed from `present` to `found`, and make `present` the same as `found`."""
    for key, row in found.items():
        before = present.get(key)
        if before is None or before.change_kind == REMOVED:
            present[key] = structs.replace(row, change_kind="added")
        elif fields := _changed_fields(before, row):
            present[key] = structs.replace(
                row, change_kind="changed", changed_fields=", ".join(fields)
            )
        else:
            continue
        yield present[key]
    gone = present.keys() - found.keys()
    if only is not None:
        gone = {key for key in gone if key[0] in only}
    yield from _without(present, gone, moment)


def _without(present: dict[Key, V], gone: AbstractSet[Key], moment: Moment) -> Iterator[V]:
    """Yield a removed version of what is gone, and keep it as the present one."""
    for key in gone & present.keys():
        before = present[key]
        if before.change_kind != REMOVED:
            present[key] = structs.replace(
                before,
                valid_from=moment.started_at,
                run_id=moment.run_id,
                git_sha=moment.git_sha,
                variant=moment.variant,
                change_kind=REMOVED,
                changed_fields="",
            )
            yield present[key]


def _changed_fields(before: Row, after: Row) -> list[str]:
    names = [name for name in after.__struct_fields__ if name not in _WHERE_AND_WHEN]
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    told = [name.removesuffix("_hash") for name in changed if name not in _HASHES]
    if changed and not told:
        return ["column descriptions" if "docs_hash" in changed else "other settings"]
    return told


def _node_version(row: RelationRow, moment: Moment) -> NodeVersionRow:
    shared: dict[str, Any] = dict(zip(_OF_NODES, _values_of_nodes(row), strict=True))
    return NodeVersionRow(
        **shared,
        **_when(moment),
        resource_type=resource_type(row.unique_id),
    )


def _column_version(row: ColumnRow, moment: Moment) -> ColumnVersionRow:
    shared: dict[str, Any] = dict(zip(_OF_COLUMNS, _values_of_columns(row), strict=True))
    return ColumnVersionRow(**shared, **_when(moment))


def _when(moment: Moment) -> dict[str, Any]:
    return {
        "valid_from": moment.started_at,
        "run_id": moment.run_id,
        "git_sha": moment.git_sha,
        "variant": moment.variant,
        "change_kind": "",
        "changed_fields": "",
    }
