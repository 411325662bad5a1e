"""Histories of one model, made of nodes as dbt writes them, and its changes, as they are stored."""

from msgspec import structs

from sigma_dbt_sync.docs_diff.advance import Build, Facts
from sigma_dbt_sync.docs_diff.events import doc_changes
from sigma_dbt_sync.docs_diff.persisted import Docs, Text
from sigma_dbt_sync.normalize.versions import Chain, Moment
from tests.builders import NOON, ORDERS, column, minutes, node, project

BOTH = {"persist_docs": {"relation": True, "columns": True}}


def orders(description="", columns=None, *, config=BOTH, unique_id=ORDERS, **fields):
    """Build the model; `columns` are texts by name."""
    named = [column(name, text) for name, text in (columns or {}).items()]
    return node(unique_id, description=description, columns=named, config=config, **fields)


def versions(*moments, unique_id=ORDERS):
    """Give the versions of a node whose project had these nodes, one list an hour."""
    chain = Chain()
    for hour, nodes in enumerate(moments):
        chain.extend(moment(60 * hour, run_id=hour + 1), project(*nodes))
    return (
        [row for row in chain.nodes if row.unique_id == unique_id],
        [row for row in chain.columns if row.unique_id == unique_id],
    )


def moment(at, *, run_id=1, variant=""):
    """Give a manifest's moment, so many minutes after noon."""
    return Moment(
        started_at=minutes(at),
        run_id=run_id,
        step_index=1,
        variant=variant,
        sha256=str(at),
        git_sha=f"sha{run_id}",
    )


def changes(*moments, unique_id=ORDERS, first_seen_at=NOON, first_manifest_at=NOON):
    """Derive the changes of a node; see `versions`. A bare node stands for a list of one."""
    lists = [[one] if isinstance(one, dict) else one for one in moments]
    return doc_changes(
        *versions(*lists, unique_id=unique_id),
        first_seen_at=first_seen_at,
        first_manifest_at=first_manifest_at,
    )


def told(rows):
    """Say of each row what people look at."""
    return [(row.column_key, row.change_kind, row.description, row.is_persisted) for row in rows]


def change(description="New.", at=60, *, before="Old.", column_key="", **fields):
    """Give a stored change; `at` is when its run started."""
    (row,) = changes(
        orders(before or "", {column_key: before or ""} if column_key else {}),
        orders(
            description if not column_key else before,
            {column_key: description} if column_key else {},
        ),
    )
    return structs.replace(
        row,
        **{"change_id": f"{at}-{description}", "changed_at": minutes(at), "run_id": at} | fields,
    )


def docs(*, relation=True, columns=True, texts=None):
    """Give what the project says now."""
    return Docs(
        relation_name='"shop"."analytics"."orders"',
        persists_relation=relation,
        persists_columns=columns,
        texts={key: Text(key or None, text) for key, text in (texts or {}).items()},
    )


def build(started=60, took=10, *, run_id=None, variant=""):
    """Give a good build of a run that started so many minutes after noon."""
    return Build(
        completed_at=minutes(started + took),
        run_id=run_id or started,
        run_started_at=minutes(started),
        variant=variant,
    )


def facts(**fields):
    """Give facts about a node that is built by default with nothing."""
    return Facts(**{"baseline_at": NOON, "docs": docs()} | fields)
