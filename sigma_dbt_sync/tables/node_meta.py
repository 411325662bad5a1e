"""dbt_node_tags, dbt_node_meta: tags and meta blocks as rows, for tools that cannot open JSON."""

from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    EnvironmentId,
    NodeKey,
    ProjectId,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of

ResourceType = Annotated[
    str, Meta(description="dbt's resource type: model, source, test, exposure, metric.")
]


class NodeTagRow(Row, frozen=True, kw_only=True):
    """One row per node and tag, for relations, tests, exposures and the semantic layer."""

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    tag: Annotated[str, Meta(description="The tag.")]
    project_id: ProjectId
    node_key: NodeKey
    resource_type: ResourceType


class NodeMetaRow(Row, frozen=True, kw_only=True):
    """One row per node and key of its meta block, as dbt_node_tags."""

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    meta_key: Annotated[str, Meta(description="Key at the top of the meta block.")]
    project_id: ProjectId
    node_key: NodeKey
    resource_type: ResourceType
    meta_value: Annotated[
        str | None,
        Meta(description="Its value as text: a text as it is, anything else as JSON."),
    ]
    meta_json: Annotated[Json | None, Meta(description="Its value as JSON; empty for null.")]


_KEY = ("account_id", "environment_id", "unique_id")
DBT_NODE_TAGS = table_of(NodeTagRow, name="dbt_node_tags", key=(*_KEY, "tag"))
DBT_NODE_META = table_of(NodeMetaRow, name="dbt_node_meta", key=(*_KEY, "meta_key"))
