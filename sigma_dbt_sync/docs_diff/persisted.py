"""Which texts of a relation dbt writes into the warehouse, and which of them a change touches.

dbt writes descriptions of models, seeds and snapshots, one flag (`persist_docs`) for the relation's
own and one for its columns'; never of sources, and of ephemeral models there is no relation.

dbt's own selector `state:modified.persisted_descriptions` names the same relations wherever only
texts change. It leaves flags that were switched, and other names of a relation, to other selectors;
and it names every new relation, ephemeral ones, and those of which YAML names one more column
without a text, though nothing of that is there to be seen.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from sigma_dbt_sync.artifacts.manifest import Manifest, Node

_PERSISTING = frozenset({"model", "seed", "snapshot"})
RELATION = ""
"""The column_key of the relation's own text."""


class Text(Struct, frozen=True):
    """The description of one relation or column."""

    name: str | None
    """The column as the project writes it; None for the relation."""
    text: str


class Docs(Struct, frozen=True, kw_only=True):
    """What a relation's project said about it at one moment."""

    relation_name: str | None
    persists_relation: bool
    persists_columns: bool
    texts: Mapping[str, Text]
    """By column_key; the relation's own text under `RELATION`."""

    def persists(self, column_key: str) -> bool:
        """Whether dbt writes this text into the warehouse."""
        return self.persists_columns if column_key else self.persists_relation


class Difference(Struct, frozen=True, kw_only=True):
    """One text that changed, or that dbt began or ceased to write."""

    column_key: str
    kind: str
    name: str | None
    before: str | None
    """None when there was no such relation or column."""
    was_persisted: bool
    """Whether dbt wrote the text before into this very relation."""
    after: str
    is_persisted: bool


def persists(resource_type: str, materialized: str | None, *, flag: bool) -> bool:
    """Whether a flag of `persist_docs` has any effect on such a node."""
    return flag and resource_type in _PERSISTING and materialized != "ephemeral"


def differences(before: Docs | None, after: Docs) -> Iterator[Difference]:
    """Yield every text that is news; `before` is None for a relation that is new."""
    old: Mapping[str, Text] = before.texts if before else {}
    moved = before is None or before.relation_name != after.relation_name
    for key in {**old, **after.texts}:
        known, found = old.get(key), after.texts.get(key)
        was, now = known.text if known else "", found.text if found else ""
        was_persisted = before is not None and before.persists(key)
        is_persisted = after.persists(key)
        if was == now and (not now or (was_persisted == is_persisted and not moved)):
            continue
        if moved and now and (is_persisted or before is None):
            kind = "new_relation"
        elif was != now:
            kind = "cleared" if not now else "changed" if known else "new_column"
        elif was_persisted != is_persisted:
            kind = "persisted" if is_persisted else "unpersisted"
        else:
            continue
        name = found or known
        yield Difference(
            column_key=key,
            kind=kind,
            name=name.name if name else None,
            before=known.text if known else None,
            was_persisted=was_persisted and not moved,
            after=now,
            is_persisted=is_persisted,
        )


def changed_relations(before: Manifest, after: Manifest) -> set[str]:
    """Name the relations (unique_id) of which the warehouse will show another text once built."""
    old = {unique_id: docs_of(node) for unique_id, node in before.nodes.items()}
    return {
        unique_id
        for unique_id, node in after.nodes.items()
        if any(found.is_persisted for found in differences(old.get(unique_id), docs_of(node)))
    }


def docs_of(node: Node) -> Docs:
    """Read what a manifest says about a relation."""
    kind, flags = node.unique_id.partition(".")[0], node.config.persist_docs
    materialized = node.config.materialized
    folded = Counter(name.lower() for name in (one.name for one in node.columns.values()))
    texts = {RELATION: Text(None, node.description or "")}
    for column in node.columns.values():
        lower = column.name.lower()
        key = lower if folded[lower] == 1 else column.name
        texts[key] = Text(column.name, column.description or "")
    return Docs(
        relation_name=node.relation_name,
        persists_relation=persists(kind, materialized, flag=bool(flags and flags.relation)),
        persists_columns=persists(kind, materialized, flag=bool(flags and flags.columns)),
        texts=texts,
    )
