"""Looks whether the warehouse shows what dbt has built, when dbt builds in this very warehouse."""

from datetime import datetime

from sigma_dbt_sync.docs_diff.advance import look_now
from sigma_dbt_sync.docs_diff.comments import INFORMATION_SCHEMA, Evidence
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.delivery import DBT_DOC_CHANGES, DocChangeRow
from sigma_dbt_sync.warehouse.base import Change, Warehouse


def plan_seen_docs(
    present: Present, warehouse: Warehouse, now: datetime
) -> tuple[list[Change], list[str]]:
    """Judge every built change by the comment the warehouse shows now."""
    built = present.built_docs()
    if not built:
        return [], []
    places = present.places(sorted({row.node_key for row in built}))
    comments = warehouse.comments(sorted(set(places.values()))) if places else {}
    judged: list[DocChangeRow] = []
    for row in built:
        table = comments.get(places[row.node_key]) if row.node_key in places else None
        if table is not None:
            judged.append(look_now(row, Evidence(seen_at=now, by=INFORMATION_SCHEMA, table=table)))
    return ([Change(DBT_DOC_CHANGES, judged)] if judged else []), []
