"""Requests made by hand: tables to be synced in Sigma whether their descriptions changed or not.

That is how the baseline, descriptions that were there before the first sync, gets into Sigma.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sigma_dbt_sync.sync.outbox import Terms
from sigma_dbt_sync.sync.outbox_present import OutboxPresent
from sigma_dbt_sync.sync.requests import BY_HAND, Request
from sigma_dbt_sync.tables.delivery import DocChangeRow
from sigma_dbt_sync.warehouse.base import Warehouse

_PERSISTED = (
    "SELECT r.node_key FROM dbt_relations AS r "
    "JOIN dbt_doc_baselines AS b "
    "ON b.account_id = r.account_id AND b.environment_id = r.environment_id "
    "WHERE r.resource_type <> 'source' AND r.table_name IS NOT NULL "
    "AND coalesce(r.materialized, '') <> 'ephemeral' "
    "AND (r.persist_docs_relation OR r.persist_docs_columns)"
)
_TEXTS = (
    "SELECT r.node_key, c.column_name, c.description "
    "FROM dbt_relations AS r JOIN dbt_columns AS c ON c.node_key = r.node_key "
    "WHERE r.persist_docs_columns AND c.is_documented AND c.is_in_project "
    "AND coalesce(c.is_in_warehouse, TRUE)"
)


def persisted_nodes(warehouse: Warehouse) -> list[str]:
    """List the node keys of every relation whose docs dbt writes and Sigma is told of."""
    found = warehouse.query(_PERSISTED).column(0).to_pylist()
    return [node_key for node_key in found if node_key]


def requests_by_hand(
    warehouse: Warehouse,
    node_keys: Collection[str],
    open_changes: Iterable[DocChangeRow],
    terms: Terms,
    *,
    delivery_id: str,
) -> list[Request]:
    """Make a request for each node that has a relation, and whose project has a connection.

    Changes that could be sent anyway are settled by it too.
    """
    columns = _persisted_columns(warehouse, frozenset(node_keys))
    changes: defaultdict[str, list[str]] = defaultdict(list)
    for change in open_changes:
        changes[change.node_key].append(change.change_id)
    return [
        Request(
            relation=relation,
            connection=connection,
            cause=BY_HAND,
            change_ids=tuple(changes[node_key]),
            columns=columns.get(node_key, {}),
            asked_in=delivery_id,
        )
        for node_key, relation in OutboxPresent(warehouse).relations(node_keys).items()
        if (connection := terms.connection_of(relation.project_id))
    ]


def _persisted_columns(
    warehouse: Warehouse, node_keys: Collection[str]
) -> dict[str, dict[str, str]]:
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    rows = zip(*(column.to_pylist() for column in warehouse.query(_TEXTS).columns), strict=True)
    for node_key, column_name, description in rows:
        if node_key in node_keys:
            found[node_key][column_name] = description
    return dict(found)
