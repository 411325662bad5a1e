"""Tags and meta blocks to rows, from the rows that hold them as JSON."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from sigma_dbt_sync.artifacts.values import json_object, plain
from sigma_dbt_sync.normalize.keys import to_json
from sigma_dbt_sync.normalize.project import resource_type
from sigma_dbt_sync.tables.declared import DeclaredRow
from sigma_dbt_sync.tables.node_meta import NodeMetaRow, NodeTagRow
from sigma_dbt_sync.tables.relations import RelationRow
from sigma_dbt_sync.tables.tests import TestRow

LabelledRow = RelationRow | TestRow | DeclaredRow
"""A row with tags and a meta block."""


def tag_rows(rows: Iterable[LabelledRow]) -> Iterator[NodeTagRow]:
    """Yield a row for each tag of each node; a tag written twice gives the same row twice."""
    for row in rows:
        for tag in cast("list[str]", plain(row.tags)):
            yield NodeTagRow(**_node(row), tag=tag)


def meta_rows(rows: Iterable[LabelledRow]) -> Iterator[NodeMetaRow]:
    """Yield a row for each key at the top of each node's meta block."""
    for row in rows:
        for key, value in json_object(row.meta).items():
            written = None if value is None else to_json(value)
            yield NodeMetaRow(
                **_node(row),
                meta_key=key,
                meta_value=value if isinstance(value, str) else written,
                meta_json=written,
            )


def _node(row: LabelledRow) -> dict[str, Any]:
    unique_id = row.test_unique_id if isinstance(row, TestRow) else row.unique_id
    return {
        "account_id": row.account_id,
        "environment_id": row.environment_id,
        "unique_id": unique_id,
        "project_id": row.project_id,
        "node_key": row.node_key,
        "resource_type": resource_type(unique_id),
    }
