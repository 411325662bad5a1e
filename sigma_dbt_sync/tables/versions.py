"""dbt_node_versions, dbt_column_versions: every change of a definition, appended and kept."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    Description,
    EnvironmentId,
    NodeKey,
    ProjectId,
    RelationName,
    RunId,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of

ValidFrom = Annotated[
    datetime, Meta(description="Start of the first run whose manifest shows it so, UTC.")
]
ChangeKind = Annotated[str, Meta(description="added, changed or removed.")]
GitSha = Annotated[str | None, Meta(description="Commit that run built.")]
Variant = Annotated[str, Meta(description="Variant of the project the change was seen in.")]


class NodeVersionRow(Row, frozen=True, kw_only=True):
    """One row per change of a relation's definition or of its documentation."""

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    valid_from: ValidFrom
    project_id: ProjectId
    node_key: NodeKey
    run_id: RunId
    git_sha: GitSha
    variant: Variant
    change_kind: ChangeKind
    changed_fields: Annotated[
        str,
        Meta(description="What differs from the version before, such as: description, raw_code."),
    ]
    resource_type: Annotated[str, Meta(description="model, seed, snapshot or source.")]
    name: Annotated[str, Meta(description="Name in the dbt project.")]
    relation_name: RelationName
    description: Description
    materialized: Annotated[str | None, Meta(description="table, view, incremental and so on.")]
    persist_docs_relation: Annotated[
        bool, Meta(description="Whether dbt writes the description into the warehouse.")
    ]
    persist_docs_columns: Annotated[
        bool, Meta(description="Whether dbt writes column descriptions into the warehouse.")
    ]
    tags: Annotated[Json, Meta(description="Tags, a list of texts.")]
    meta: Annotated[Json, Meta(description="The meta block of the project's YAML.")]
    owner: Annotated[str | None, Meta(description="Owner's name, else e-mail address.")]
    group_name: Annotated[str | None, Meta(description="dbt group.")]
    access: Annotated[str | None, Meta(description="private, protected or public.")]
    contract_enforced: Annotated[bool, Meta(description="Whether dbt enforces a contract.")]
    raw_code_hash: Annotated[str | None, Meta(description="Source code, in dbt_code.")]
    original_file_path: Annotated[str | None, Meta(description="File in the dbt project.")]
    definition_hash: Annotated[str, Meta(description="Hash of the whole definition.")]
    docs_hash: Annotated[str, Meta(description="Hash of all its descriptions.")]


class ColumnVersionRow(Row, frozen=True, kw_only=True):
    """One row per change of a column as the project documents it."""

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    column_key: Annotated[str, Meta(description="Column name in lower case, as in dbt_columns.")]
    valid_from: ValidFrom
    project_id: ProjectId
    node_key: NodeKey
    run_id: RunId
    git_sha: GitSha
    variant: Variant
    change_kind: ChangeKind
    changed_fields: Annotated[
        str, Meta(description="What differs from the version before, such as: description.")
    ]
    column_name: Annotated[str, Meta(description="Column name as the project writes it.")]
    description: Description
    declared_type: Annotated[str | None, Meta(description="Type written in the project.")]


DBT_NODE_VERSIONS = table_of(
    NodeVersionRow,
    name="dbt_node_versions",
    key=("account_id", "environment_id", "unique_id", "valid_from"),
)
DBT_COLUMN_VERSIONS = table_of(
    ColumnVersionRow,
    name="dbt_column_versions",
    key=("account_id", "environment_id", "unique_id", "column_key", "valid_from"),
)
