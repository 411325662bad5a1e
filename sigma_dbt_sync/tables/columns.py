"""dbt_columns: the columns of every relation, as documented and as the warehouse reported them."""

from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    Description,
    EnvironmentId,
    NodeKey,
    ProjectId,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of


class ColumnRow(Row, frozen=True, kw_only=True):
    """One row per column of a relation: every documented one, and every one in catalog.json."""

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    column_key: Annotated[
        str, Meta(description="Column name in lower case; exact when two differ only in case.")
    ]
    project_id: ProjectId
    node_key: NodeKey
    column_name: Annotated[
        str,
        Meta(description="Column name as the warehouse holds it, else as the project writes it."),
    ]
    description: Description
    is_documented: Annotated[bool, Meta(description="Whether it has a description.")]
    is_in_project: Annotated[bool, Meta(description="Whether the project's YAML names it.")]
    is_in_warehouse: Annotated[
        bool | None,
        Meta(description="Whether catalog.json names it; empty when the relation is not in it."),
    ]
    declared_type: Annotated[str | None, Meta(description="Type written in the project.")]
    catalog_type: Annotated[str | None, Meta(description="Type the warehouse reported.")]
    catalog_comment: Annotated[str | None, Meta(description="Comment the warehouse held.")]
    ordinal: Annotated[
        int, Meta(description="Position: the warehouse's when known, else the project's order.")
    ]
    is_quoted: Annotated[bool, Meta(description="Whether the project says to quote it.")]
    tags: Annotated[Json, Meta(description="Tags, a list of texts.")]
    meta: Annotated[Json, Meta(description="The meta block of the project's YAML.")]
    constraints: Annotated[Json, Meta(description="Constraints of the model contract.")]


DBT_COLUMNS = table_of(
    ColumnRow,
    name="dbt_columns",
    key=("account_id", "environment_id", "unique_id", "column_key"),
)
