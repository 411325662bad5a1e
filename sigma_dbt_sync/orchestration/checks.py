"""The asset checks: what must hold after a sync, and what a person should look at.

They are judged inside the steps that make the assets, from the reports those steps have anyway, so
that a check never opens a connection of its own.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg

from sigma_dbt_sync import tables
from sigma_dbt_sync.sync.audit import Audit
from sigma_dbt_sync.tables.delivery import SIGMA_TABLE_SYNCS

ARCHIVE = "dbt_cloud_archive"
NEWEST_RUN_AT_MOST = timedelta(hours=24)

RECENT = "newest_run_is_recent"
NO_WARNINGS = "no_warnings"
UNIQUE = "keys_are_unique"
COMPLETE = "every_archived_run_is_loaded"
RECORDED = "every_artifact_is_recorded"

ARCHIVE_CHECKS: tuple[dg.AssetCheckSpec, ...] = (
    dg.AssetCheckSpec(
        RECENT,
        asset=ARCHIVE,
        description="The newest finished dbt Cloud run finished less than 24 hours ago.",
    ),
    dg.AssetCheckSpec(
        NO_WARNINGS, asset=ARCHIVE, description="Nothing was left out while fetching."
    ),
)
LOADED = tuple(table for table in tables.ALL if table is not SIGMA_TABLE_SYNCS)
"""Tables that a load brings up to date; deliveries keep the other one."""

TABLE_CHECKS: tuple[dg.AssetCheckSpec, ...] = (
    *(
        dg.AssetCheckSpec(
            UNIQUE,
            asset=table.name,
            description=f"No two rows share a key ({', '.join(table.key)}).",
        )
        for table in LOADED
    ),
    dg.AssetCheckSpec(
        COMPLETE,
        asset="dbt_runs",
        description="Every run in the archive has its row, made from the run's present entry.",
    ),
    dg.AssetCheckSpec(
        RECORDED,
        asset="sync_artifacts",
        description="Every artifact looked for in the loaded runs has its row.",
    ),
    dg.AssetCheckSpec(
        NO_WARNINGS, asset="sync_loads", description="Everything fetched could be read and loaded."
    ),
)


def judge_archive(
    newest_finish: datetime | None, warnings: Sequence[str], *, now: datetime
) -> Iterator[dg.AssetCheckResult]:
    """Judge a fetch by its newest run and its warnings."""
    when = dg.MetadataValue.timestamp(newest_finish) if newest_finish else "none"
    yield dg.AssetCheckResult(
        asset_key=ARCHIVE,
        check_name=RECENT,
        passed=newest_finish is not None and now - newest_finish <= NEWEST_RUN_AT_MOST,
        severity=dg.AssetCheckSeverity.WARN,
        description=None if newest_finish else "The archive holds no finished run yet.",
        metadata={"newest finished run": when},
    )
    yield _no_warnings(ARCHIVE, warnings)


def judge_tables(audit: Audit) -> Iterator[dg.AssetCheckResult]:
    """Judge all tables by an audit, which may be that of an earlier load."""
    audited = {"checked at": dg.MetadataValue.timestamp(audit.audited_at)}
    for table in LOADED:
        contents = audit.contents.get(table.name)
        repeated = contents.repeated_keys if contents else 0
        yield dg.AssetCheckResult(
            asset_key=table.name,
            check_name=UNIQUE,
            passed=repeated == 0,
            metadata={"keys of several rows": repeated, **audited},
        )
    yield dg.AssetCheckResult(
        asset_key="dbt_runs",
        check_name=COMPLETE,
        passed=not audit.runs_lost,
        metadata={
            "runs in the archive": audit.runs_archived,
            "runs without their row": dg.MetadataValue.json(list(audit.runs_lost)),
            **audited,
        },
    )
    yield dg.AssetCheckResult(
        asset_key="sync_artifacts",
        check_name=RECORDED,
        passed=not audit.runs_short_of_artifacts,
        metadata={
            "runs with artifacts unaccounted for": dg.MetadataValue.json(
                list(audit.runs_short_of_artifacts)
            ),
            **audited,
        },
    )
    yield _no_warnings("sync_loads", audit.warnings)


def _no_warnings(asset: str, warnings: Sequence[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=NO_WARNINGS,
        passed=not warnings,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(warnings)} warnings: {warnings[0]}" if warnings else None,
        metadata={"warnings": dg.MetadataValue.md(bullets(warnings))} if warnings else {},
    )


def bullets(texts: Sequence[str]) -> str:
    """Write texts as a markdown list."""
    return "\n".join(f"- {text}" for text in texts)
