"""What dbt reported, as Dagster's events. Metadata is short: Dagster stores every event twice."""

from typing import Any

import dagster as dg

from sigma_dbt_sync.sync.verdicts import Build, Freshness, Verdict

RESULT = "dbt_result"
"""Metadata that names the dbt run (and step) an event tells of; `told` reads it back."""

Metadata = dict[str, Any]


def materialization(key: dg.AssetKey, build: Build) -> dg.AssetMaterialization:
    """Tell of a build."""
    seconds = None if build.seconds is None else round(build.seconds, 3)
    return dg.AssetMaterialization(
        key,
        metadata=_facts(build) | _known(execution_seconds=seconds, rows_affected=build.rows),
    )


def observation(key: dg.AssetKey, seen: Freshness) -> dg.AssetObservation:
    """Tell how old a source was."""
    newest = dg.MetadataValue.timestamp(seen.max_loaded_at) if seen.max_loaded_at else None
    return dg.AssetObservation(
        key,
        metadata=_facts(seen)
        | _known(status=seen.status, newest_row_at=newest, age_seconds=seen.age_seconds),
    )


def evaluation(key: dg.AssetCheckKey, verdict: Verdict) -> dg.AssetCheckEvaluation:
    """Tell how a check went."""
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=verdict.passed,
        severity=_severity(verdict),
        description=verdict.message,
        metadata=_judged(verdict),
    )


def check_result(key: dg.AssetCheckKey, verdict: Verdict) -> dg.AssetCheckResult:
    """Tell how a check went, as the outcome of a step."""
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=verdict.passed,
        severity=_severity(verdict),
        description=verdict.message,
        metadata=_judged(verdict),
    )


def told(metadata: object) -> str | None:
    """Read back which result an event tells of."""
    value = metadata.get(RESULT) if isinstance(metadata, dict) else None
    return value.value if isinstance(value, dg.TextMetadataValue) else None


def _judged(verdict: Verdict) -> Metadata:
    return _facts(verdict) | _known(status=verdict.status, failures=verdict.failures)


def _facts(result: Build | Freshness | Verdict) -> Metadata:
    url = result.run.url
    return {
        RESULT: dg.MetadataValue.text(result.result),
        "dbt_completed_at": dg.MetadataValue.timestamp(result.at),
        **_known(dbt_run=dg.MetadataValue.url(url) if url else None, dbt_job=result.run.job_name),
    }


def _known(**entries: Any) -> Metadata:
    return {name: value for name, value in entries.items() if value is not None}


def _severity(verdict: Verdict) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.WARN if verdict.is_warning else dg.AssetCheckSeverity.ERROR
