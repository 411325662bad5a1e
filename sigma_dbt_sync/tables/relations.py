"""dbt_models, dbt_sources, dbt_seeds, dbt_snapshots: the relations of a project as they are now."""

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
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of


class RelationRow(Row, frozen=True, kw_only=True):
    """One row per relation and environment, from the newest manifest of what last built it."""

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    project_id: ProjectId
    node_key: NodeKey
    name: Annotated[str, Meta(description="Name in the dbt project.")]
    package_name: Annotated[str | None, Meta(description="dbt package that defines it.")]
    relation_name: RelationName
    relation_key: Annotated[
        str | None,
        Meta(
            description="DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it. Not unique: a seed "
            "may also be a source, and environments may share a schema."
        ),
    ]
    database_name: Annotated[str | None, Meta(description="Database, as the warehouse holds it.")]
    schema_name: Annotated[str | None, Meta(description="Schema, as the warehouse holds it.")]
    identifier: Annotated[
        str | None, Meta(description="Table or view name, as the warehouse holds it.")
    ]
    description: Description
    materialized: Annotated[
        str | None, Meta(description="table, view, incremental, seed, snapshot, ephemeral.")
    ]
    persist_docs_relation: Annotated[
        bool, Meta(description="Whether dbt writes the description into the warehouse.")
    ]
    persist_docs_columns: Annotated[
        bool, Meta(description="Whether dbt writes column descriptions into the warehouse.")
    ]
    tags: Annotated[Json, Meta(description="Tags, a list of texts.")]
    tags_text: Annotated[str, Meta(description="Tags, separated by commas.")]
    meta: Annotated[Json, Meta(description="The meta block of the project's YAML.")]
    owner_name: Annotated[
        str | None, Meta(description="Owner: meta.owner, else the owner of its group.")
    ]
    owner_email: Annotated[str | None, Meta(description="The owner's e-mail address.")]
    owner: Annotated[str | None, Meta(description="owner_name, else owner_email.")]
    group_name: Annotated[str | None, Meta(description="dbt group it belongs to.")]
    access: Annotated[str | None, Meta(description="private, protected or public.")]
    model_version: Annotated[str | None, Meta(description="Version of a versioned model.")]
    latest_version: Annotated[
        str | None, Meta(description="Newest version of that versioned model.")
    ]
    contract_enforced: Annotated[bool, Meta(description="Whether dbt enforces a contract.")]
    language: Annotated[str | None, Meta(description="sql or python.")]
    raw_code_hash: Annotated[str | None, Meta(description="Source code, in dbt_code.")]
    compiled_code_hash: Annotated[
        str | None, Meta(description="Newest compiled code, in dbt_code.")
    ]
    original_file_path: Annotated[str | None, Meta(description="File in the dbt project.")]
    definition_hash: Annotated[
        str, Meta(description="Changes when the definition changes; compiled code left out.")
    ]
    docs_hash: Annotated[
        str, Meta(description="Changes when its description or a column's changes.")
    ]
    downstream_count: Annotated[
        int, Meta(description="Models, seeds and snapshots that read it, directly or not.")
    ]
    exposure_count: Annotated[int, Meta(description="Exposures that read it, directly or not.")]
    catalog_type: Annotated[
        str | None, Meta(description="Kind of relation the warehouse reported, from catalog.json.")
    ]
    catalog_comment: Annotated[
        str | None, Meta(description="Comment the warehouse held, from catalog.json.")
    ]
    catalog_owner: Annotated[
        str | None, Meta(description="Owner the warehouse reported, from catalog.json.")
    ]
    catalog_row_count: Annotated[int | None, Meta(description="Rows, from catalog.json.")]
    catalog_bytes: Annotated[int | None, Meta(description="Bytes, from catalog.json.")]
    catalog_last_modified_at: Annotated[
        datetime | None, Meta(description="Last change of the data, from catalog.json, UTC.")
    ]
    first_seen_at: Annotated[
        datetime | None, Meta(description="Start of the first run that knew it, UTC.")
    ]


class ModelRow(RelationRow, frozen=True, kw_only=True):
    """One row per model and environment, from the newest manifest of what last built it."""


class SeedRow(RelationRow, frozen=True, kw_only=True):
    """One row per seed and environment, from the newest manifest of what last built it."""


class SnapshotRow(RelationRow, frozen=True, kw_only=True):
    """One row per snapshot and environment, from the newest manifest of what last built it."""


class SourceRow(RelationRow, frozen=True, kw_only=True):
    """One row per source table and environment, from the newest manifest."""

    source_name: Annotated[str | None, Meta(description="Source the table belongs to.")]
    source_description: Annotated[str, Meta(description="Description of that source.")]
    loader: Annotated[str | None, Meta(description="Tool that loads it, as the project says.")]
    loaded_at_field: Annotated[
        str | None, Meta(description="Column whose newest value tells the freshness.")
    ]
    warn_after_seconds: Annotated[
        int | None, Meta(description="Age from which dbt warns, seconds.")
    ]
    error_after_seconds: Annotated[
        int | None, Meta(description="Age from which dbt fails, seconds.")
    ]


_KEY = ("account_id", "environment_id", "unique_id")
DBT_MODELS = table_of(ModelRow, name="dbt_models", key=_KEY)
DBT_SOURCES = table_of(SourceRow, name="dbt_sources", key=_KEY)
DBT_SEEDS = table_of(SeedRow, name="dbt_seeds", key=_KEY)
DBT_SNAPSHOTS = table_of(SnapshotRow, name="dbt_snapshots", key=_KEY)
