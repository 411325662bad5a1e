"""dbt_edges, dbt_code: who reads whom, and the text of the SQL or Python."""

from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import AccountId, EnvironmentId, ProjectId
from sigma_dbt_sync.tables.spec import Row, table_of


class EdgeRow(Row, frozen=True, kw_only=True):
    """One row per direct dependency, as the project is now."""

    account_id: AccountId
    environment_id: EnvironmentId
    parent_unique_id: Annotated[str, Meta(description="dbt's id of the node that is read.")]
    child_unique_id: Annotated[str, Meta(description="dbt's id of the node that reads.")]
    project_id: ProjectId
    parent_node_key: Annotated[str, Meta(description="node_key of the parent.")]
    child_node_key: Annotated[str, Meta(description="node_key of the child.")]
    edge_type: Annotated[
        str,
        Meta(description="What the child is: model, test, exposure, metric or another dbt type."),
    ]


class CodeRow(Row, frozen=True, kw_only=True):
    """One row per text of SQL or Python, however many nodes and runs share it."""

    account_id: AccountId
    code_hash: Annotated[str, Meta(description="Hash of the whole text.")]
    language: Annotated[str, Meta(description="sql or python.")]
    code: Annotated[str, Meta(description="The text.")]
    is_truncated: Annotated[bool, Meta(description="Whether the text was too long and is cut.")]


DBT_EDGES = table_of(
    EdgeRow,
    name="dbt_edges",
    key=("account_id", "environment_id", "parent_unique_id", "child_unique_id"),
)
DBT_CODE = table_of(CodeRow, name="dbt_code", key=("account_id", "code_hash"))
