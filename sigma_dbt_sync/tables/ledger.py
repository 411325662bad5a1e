"""sync_loads, sync_artifacts: what the syncs did, and every artifact they looked at."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import AccountId, RunId, StepIndex
from sigma_dbt_sync.tables.spec import Json, Row, table_of


class LoadRow(Row, frozen=True, kw_only=True):
    """One row per sync that wrote something."""

    account_id: AccountId
    load_id: Annotated[str, Meta(description="Id of the sync; rows it wrote carry it as sync_id.")]
    started_at: Annotated[datetime, Meta(description="When the sync started, UTC.")]
    finished_at: Annotated[datetime, Meta(description="When its last batch was published, UTC.")]
    package_version: Annotated[str, Meta(description="Version of sigma-dbt-sync.")]
    runs_loaded: Annotated[int, Meta(description="Runs whose rows were written.")]
    rows_inserted: Annotated[int, Meta(description="Rows inserted in all tables.")]
    rows_updated: Annotated[int, Meta(description="Rows updated in all tables.")]
    rows_deleted: Annotated[int, Meta(description="Rows deleted in all tables.")]
    artifacts_found: Annotated[int, Meta(description="Artifacts fetched by this sync.")]
    artifacts_unreadable: Annotated[
        int, Meta(description="Artifacts that could not be decoded; see sync_artifacts.")
    ]
    artifact_bytes: Annotated[int, Meta(description="Bytes of the artifacts fetched.")]
    api_calls: Annotated[int, Meta(description="Requests made to dbt Cloud.")]
    api_rate_limited: Annotated[int, Meta(description="Requests dbt Cloud answered with 429.")]
    warnings: Annotated[Json, Meta(description="What a person should know, a list of texts.")]


class ArtifactRow(Row, frozen=True, kw_only=True):
    """One row per artifact looked for in a step of a run."""

    account_id: AccountId
    run_id: RunId
    step_index: StepIndex
    artifact: Annotated[str, Meta(description="manifest, run_results, catalog or sources.")]
    environment_id: Annotated[int | None, Meta(description="dbt Cloud environment.")]
    variant: Annotated[str, Meta(description="Variant of the project it describes.")]
    run_started_at: Annotated[
        datetime | None, Meta(description="When its run started, UTC; orders definitions.")
    ]
    git_sha: Annotated[str | None, Meta(description="Commit that its run built.")]
    feeds_state: Annotated[
        bool,
        Meta(
            description="Whether it says something about the environment: its run does, and it is "
            "no manifest of a step that failed before it did anything."
        ),
    ]
    state: Annotated[
        str,
        Meta(
            description="found, shared (the manifest of an earlier run of the same project), "
            "missing, open (may still come), duplicate, unreadable or oversized."
        ),
    ]
    reason: Annotated[
        str | None,
        Meta(description="Why it was not found or not readable, or that its version is newer."),
    ]
    sha256: Annotated[str | None, Meta(description="Content, in the archive.")]
    size_bytes: Annotated[int | None, Meta(description="Bytes, uncompressed.")]
    from_run_id: Annotated[int | None, Meta(description="Run a shared manifest was fetched from.")]
    invocation_id: Annotated[str | None, Meta(description="dbt command that wrote it.")]
    schema_version: Annotated[str | None, Meta(description="dbt schema of the file.")]
    dbt_version: Annotated[str | None, Meta(description="dbt version that wrote it.")]
    generated_at: Annotated[datetime | None, Meta(description="When it was written, UTC.")]
    unknown_keys: Annotated[
        Json | None, Meta(description="Keys this version does not know, a list of names.")
    ]


SYNC_LOADS = table_of(LoadRow, name="sync_loads", key=("account_id", "load_id"), group="dbt_cloud")
SYNC_ARTIFACTS = table_of(
    ArtifactRow,
    name="sync_artifacts",
    key=("account_id", "run_id", "step_index", "artifact"),
    group="dbt_cloud",
)
