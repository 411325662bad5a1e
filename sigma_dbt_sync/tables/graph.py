"""dbt_edges, dbt_lineage, dbt_code: who reads whom, and the text of the SQL or Python."""

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


class LineageRow(Row, frozen=True, kw_only=True):
    """One row per relation and what lies downstream of it, as the project is now.

    Relations and user-defined functions, with what reads them directly or not: the same, and
    exposures. At most 20 steps apart; of a project with more than 1,000,000 such pairs, those that
    are furthest apart are left out.
    """

    account_id: AccountId
    environment_id: EnvironmentId
    ancestor_unique_id: Annotated[str, Meta(description="dbt's id of the node upstream.")]
    descendant_unique_id: Annotated[str, Meta(description="dbt's id of the node downstream.")]
    project_id: ProjectId
    ancestor_key: Annotated[str, Meta(description="node_key of the node upstream.")]
    descendant_key: Annotated[str, Meta(description="node_key of the node downstream.")]
    min_depth: Annotated[
        int,
        Meta(description="Steps between them on the shortest way, from 1 for a direct dependency."),
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
DBT_LINEAGE = table_of(
    LineageRow,
    name="dbt_lineage",
    key=("account_id", "environment_id", "ancestor_unique_id", "descendant_unique_id"),
)
DBT_CODE = table_of(CodeRow, name="dbt_code", key=("account_id", "code_hash"))
