"""dbt_doc_changes, dbt_doc_baselines, sigma_table_syncs: from a changed description to Sigma."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    EnvironmentId,
    NodeKey,
    ProjectId,
    RelationName,
    RunId,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of

NullableRunId = Annotated[int | None, Meta(description="Run of that build.")]


class DocChangeRow(Row, frozen=True, kw_only=True):
    """One row per changed description of a relation or column, with how far it has come.

    What changed follows from dbt_node_versions and dbt_column_versions alone. The columns from
    `state` on are the delivery's: a rebuild keeps them.
    """

    account_id: AccountId
    change_id: Annotated[
        str, Meta(description="Hash of environment, unique_id, column, moment and text.")
    ]
    environment_id: EnvironmentId
    project_id: ProjectId
    node_key: NodeKey
    unique_id: UniqueId
    resource_type: Annotated[str, Meta(description="model, seed, snapshot or source.")]
    relation_name: RelationName
    column_key: Annotated[
        str,
        Meta(description="Column name in lower case; empty text for the relation's own."),
    ]
    column_name: Annotated[
        str | None, Meta(description="Column as the project writes it; empty for the relation.")
    ]
    change_kind: Annotated[
        str,
        Meta(
            description="changed, cleared, new_relation, new_column, persisted (persist_docs was "
            "switched on) or unpersisted."
        ),
    ]
    before_description: Annotated[
        str | None, Meta(description="Text before; empty when there was no such node or column.")
    ]
    was_persisted: Annotated[
        bool, Meta(description="Whether persist_docs wrote the text before into this relation.")
    ]
    description: Annotated[str, Meta(description="Text since; empty text when it was cleared.")]
    is_persisted: Annotated[
        bool, Meta(description="Whether persist_docs writes this text into the warehouse.")
    ]
    changed_at: Annotated[
        datetime, Meta(description="Start of the first run whose manifest has it, UTC.")
    ]
    run_id: RunId
    git_sha: Annotated[str | None, Meta(description="Commit that run built.")]
    variant: Annotated[str, Meta(description="Variant of the project the change was seen in.")]

    state: Annotated[
        str,
        Meta(
            description="baseline, not_persisted, waiting_for_build, built, verified, mismatch, "
            "sent, confirmed, accepted, unconfirmed, failed or superseded."
        ),
    ]
    state_detail: Annotated[
        str | None, Meta(description="Why, in a sentence, when the state alone does not say it.")
    ] = None
    built_at: Annotated[
        datetime | None, Meta(description="End of the newest build that carries the text, UTC.")
    ] = None
    built_run_id: NullableRunId = None
    first_built_at: Annotated[
        datetime | None, Meta(description="End of the first build that carries the text, UTC.")
    ] = None
    verified_at: Annotated[
        datetime | None, Meta(description="When the warehouse was last seen with a comment, UTC.")
    ] = None
    verified_by: Annotated[
        str | None, Meta(description="catalog or information_schema; empty when not looked at.")
    ] = None
    warehouse_comment: Annotated[
        str | None, Meta(description="Comment found there instead, when it is another.")
    ] = None
    sync_request_id: Annotated[
        str | None, Meta(description="Request that told Sigma, in sigma_table_syncs.")
    ] = None
    sent_at: Annotated[datetime | None, Meta(description="When Sigma took the sync, UTC.")] = None
    settled_at: Annotated[
        datetime | None, Meta(description="When delivery came to its end, UTC.")
    ] = None


class DocBaselineRow(Row, frozen=True, kw_only=True):
    """One row per environment whose changed descriptions reach Sigma: since when they do."""

    account_id: AccountId
    environment_id: EnvironmentId
    baseline_at: Annotated[
        datetime,
        Meta(description="Descriptions of runs up to this start were there already, UTC."),
    ]


class TableSyncRow(Row, frozen=True, kw_only=True):
    """One row per attempt to make Sigma sync a table; written before the call, settled after."""

    account_id: AccountId
    sync_request_id: Annotated[
        str, Meta(description="Hash of connection, path and the changes it carries.")
    ]
    attempt: Annotated[int, Meta(description="1 for the first.")]
    environment_id: EnvironmentId
    project_id: ProjectId
    node_key: NodeKey
    unique_id: UniqueId
    relation_key: Annotated[
        str | None, Meta(description="DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.")
    ]
    connection_id: Annotated[
        str | None, Meta(description="Sigma connection; empty while it is not known.")
    ]
    path: Annotated[Json, Meta(description="Path that was sent, a list of names.")]
    cause: Annotated[
        str,
        Meta(
            description="doc_changes, baseline (asked for by hand) or schema_migration: a table or "
            "view of this package itself, in environment 0."
        ),
    ]
    change_count: Annotated[int, Meta(description="Changed descriptions it carries.")]
    state: Annotated[
        str,
        Meta(
            description="waiting, requested, confirmed, accepted, unconfirmed, not_in_sigma, "
            "denied, retry or failed."
        ),
    ]
    claimed_by: Annotated[str, Meta(description="Delivery that made this attempt.")]
    lease_until: Annotated[
        datetime, Meta(description="A requested row later than this belongs to nobody, UTC.")
    ]
    requested_at: Annotated[datetime, Meta(description="When it was claimed, UTC.")]
    finished_at: Annotated[datetime | None, Meta(description="When it was settled, UTC.")] = None
    http_status: Annotated[int | None, Meta(description="Last status Sigma answered.")] = None
    request_id: Annotated[
        str | None, Meta(description="Sigma's id of the last request, for its support.")
    ] = None
    inode_id: Annotated[str | None, Meta(description="Sigma's id of the table.")] = None
    sigma_url: Annotated[str | None, Meta(description="The table's page in Sigma.")] = None
    expected_columns: Annotated[
        int, Meta(description="Column descriptions that Sigma should show afterwards.")
    ] = 0
    verified_columns: Annotated[
        int | None, Meta(description="How many of them it showed; empty when not read back.")
    ] = None
    error: Annotated[str | None, Meta(description="What went wrong and what to do about it.")] = (
        None
    )


DBT_DOC_CHANGES = table_of(DocChangeRow, name="dbt_doc_changes", key=("account_id", "change_id"))
DBT_DOC_BASELINES = table_of(
    DocBaselineRow, name="dbt_doc_baselines", key=("account_id", "environment_id")
)
SIGMA_TABLE_SYNCS = table_of(
    TableSyncRow,
    name="sigma_table_syncs",
    key=("account_id", "sync_request_id", "attempt"),
    group="sigma",
)
