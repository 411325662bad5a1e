"""What changed: one row per text and moment, read from the versions of a node and its columns.

The versions do not depend on how runs arrived, so neither do these rows: a rebuild makes the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

import xxhash
from msgspec import msgpack

from sigma_dbt_sync.docs_diff.persisted import (
    RELATION,
    Difference,
    Docs,
    Text,
    differences,
    persists,
)
from sigma_dbt_sync.docs_diff.states import NOT_PERSISTED, WAITING
from sigma_dbt_sync.tables.delivery import DocChangeRow
from sigma_dbt_sync.tables.versions import ColumnVersionRow, NodeVersionRow

_REMOVED = "removed"


def doc_changes(
    nodes: Sequence[NodeVersionRow],
    columns: Sequence[ColumnVersionRow],
    *,
    first_seen_at: datetime | None,
    first_manifest_at: datetime,
) -> list[DocChangeRow]:
    """Make the rows of one node from all its versions; oldest first.

    What was there when the environment's first manifest came is no change, nor is a node that
    another variant of the project knew before (`first_seen_at`).
    """
    rows: list[DocChangeRow] = []
    before: Docs | None = None
    shown: set[tuple[str | None, str]] = set()
    is_first = True
    for moment, node, found, seen in _moments(nodes, columns):
        if node is None:
            before = None
            continue
        was_there = moment <= first_manifest_at or bool(first_seen_at and first_seen_at < moment)
        if not (is_first and was_there):
            news = [*differences(before, found), *_cleared_unseen(before, found, shown)]
            rows += (_row(difference, node, seen) for difference in news)
        shown |= {
            (found.relation_name, key)
            for key, one in found.texts.items()
            if one.text and found.persists(key)
        }
        before, is_first = found, False
    return rows


def _cleared_unseen(
    before: Docs | None, after: Docs, shown: Iterable[tuple[str | None, str]]
) -> Iterator[Difference]:
    """Yield texts cleared while dbt did not write them into this relation, now that it does again.

    `shown` names the texts, by relation and column, that it ever wrote.
    """
    for relation_name, key in sorted(shown, key=str):
        if relation_name != after.relation_name or not after.persists(key):
            continue
        was, now = (docs.texts.get(key) if docs else None for docs in (before, after))
        is_same = before is not None and before.relation_name == relation_name
        if not (is_same and before and before.persists(key)) and not any(
            one and one.text for one in (was, now)
        ):
            yield Difference(
                column_key=key,
                kind="cleared",
                name=(now.name if now else key) or None,
                before="",
                was_persisted=False,
                after="",
                is_persisted=True,
            )


def docs_in_force(
    nodes: Sequence[NodeVersionRow], columns: Sequence[ColumnVersionRow]
) -> Docs | None:
    """Read what the newest versions say; None when the node was removed."""
    docs: Docs | None = None
    for _, node, found, _ in _moments(nodes, columns):
        docs = found if node else None
    return docs


Version = NodeVersionRow | ColumnVersionRow


def _moments(
    nodes: Sequence[NodeVersionRow], columns: Sequence[ColumnVersionRow]
) -> Iterator[tuple[datetime, NodeVersionRow | None, Docs, Version]]:
    """Yield each moment with the node in force (None: removed), its docs and a row of then."""
    node: NodeVersionRow | None = None
    known: dict[str, ColumnVersionRow] = {}
    by_moment: dict[datetime, list[Version]] = {}
    for row in sorted(chain(nodes, columns), key=lambda row: (row.valid_from, row.run_id)):
        by_moment.setdefault(row.valid_from, []).append(row)
    for moment, rows in by_moment.items():
        for row in rows:
            if isinstance(row, NodeVersionRow):
                node = row
            elif row.change_kind == _REMOVED:
                known.pop(row.column_key, None)
            else:
                known[row.column_key] = row
        if node is not None:
            is_there = node.change_kind != _REMOVED
            yield moment, node if is_there else None, _docs(node, known.values()), rows[-1]


def _docs(node: NodeVersionRow, columns: Iterable[ColumnVersionRow]) -> Docs:
    kind, materialized = node.resource_type, node.materialized
    texts = {RELATION: Text(None, node.description)}
    texts |= {row.column_key: Text(row.column_name, row.description) for row in columns}
    return Docs(
        relation_name=node.relation_name,
        persists_relation=persists(kind, materialized, flag=node.persist_docs_relation),
        persists_columns=persists(kind, materialized, flag=node.persist_docs_columns),
        texts=texts,
    )


def _row(found: Difference, node: NodeVersionRow, seen: Version) -> DocChangeRow:
    return DocChangeRow(
        account_id=node.account_id,
        change_id=_change_id(found, seen),
        environment_id=node.environment_id,
        project_id=node.project_id,
        node_key=node.node_key,
        unique_id=node.unique_id,
        resource_type=node.resource_type,
        relation_name=node.relation_name,
        column_key=found.column_key,
        column_name=found.name,
        change_kind=found.kind,
        before_description=found.before,
        was_persisted=found.was_persisted,
        description=found.after,
        is_persisted=found.is_persisted,
        changed_at=seen.valid_from,
        run_id=seen.run_id,
        git_sha=seen.git_sha,
        variant=seen.variant,
        state=WAITING if found.is_persisted else NOT_PERSISTED,
    )


def _change_id(found: Difference, seen: Version) -> str:
    where = [seen.account_id, seen.environment_id, seen.unique_id, found.column_key]
    when = [seen.valid_from.isoformat(), seen.run_id]
    return xxhash.xxh3_128_hexdigest(
        msgpack.encode([*where, *when, found.after, found.is_persisted])
    )
