"""Words what a sync did: metadata of its assets, and the lines of its log."""

from typing import Any

import dagster as dg

from sigma_dbt_sync.orchestration.checks import bullets
from sigma_dbt_sync.sync import ExtractReport, LoadReport, Moments
from sigma_dbt_sync.sync.audit import Audit
from sigma_dbt_sync.warehouse.base import Counts

Metadata = dict[str, dg.MetadataValue[Any]]


def table_metadata(table: str, loaded: LoadReport, found: Audit) -> Metadata:
    """Tell what a load did to one table, and how many rows it has."""
    counts = loaded.tables.get(table, Counts())
    contents = found.contents.get(table)
    known: Metadata = {}
    if contents:
        known = {
            "dagster/row_count": dg.MetadataValue.int(contents.rows),
            "rows_counted_at": dg.MetadataValue.timestamp(found.audited_at),
        }
    known["rows_written"] = dg.MetadataValue.int(counts.written)
    if counts.written:  # most ticks write nothing, and Dagster keeps every entry three times
        known["rows_inserted"] = dg.MetadataValue.int(counts.inserted)
        known["rows_updated"] = dg.MetadataValue.int(counts.updated)
        known["rows_deleted"] = dg.MetadataValue.int(counts.deleted)
    return known


def load_metadata(report: LoadReport, found: Audit, moments: Moments) -> Metadata:
    """Tell what a load did to the warehouse."""
    metadata: Metadata = {
        "summary": dg.MetadataValue.md(load_summary(report, found, moments)),
        "target": dg.MetadataValue.text(report.target),
        "runs_loaded": dg.MetadataValue.int(report.runs_loaded),
        "seconds": dg.MetadataValue.float(round(moments.seconds, 3)),
    }
    if report.statements is not None:
        metadata["statements"] = dg.MetadataValue.int(report.statements)
    if report.migrated:
        metadata["tables_and_views_made"] = dg.MetadataValue.md(bullets(report.migrated))
    return metadata


def load_summary(report: LoadReport, found: Audit, moments: Moments) -> str:
    """Tell a load as markdown."""
    if not report.connected:
        checked = found.audited_at.strftime("%Y-%m-%d %H:%M UTC")
        return f"Nothing new for {report.target}; what was counted at {checked} still stands."
    parts = [loaded(report, moments)]
    written = {name: counts for name, counts in report.tables.items() if counts.written}
    if written:
        lines = [
            f"| {name} | {counts.inserted} | {counts.updated} | {counts.deleted} |"
            for name, counts in sorted(written.items())
        ]
        head = ["| table | inserted | updated | deleted |", "|---|---:|---:|---:|"]
        parts.append("\n".join([*head, *lines]))
    if report.warnings:
        parts.append("**Warnings**\n\n" + bullets(report.warnings))
    return "\n\n".join(parts)


def loaded(report: LoadReport, moments: Moments) -> str:
    """Tell a load in one line."""
    if not report.connected:
        return f"Nothing new for {report.target}."
    total = report.total
    return (
        f"Loaded {report.runs_loaded} runs into {report.target}: "
        f"{total.inserted} rows inserted, {total.updated} updated, {total.deleted} deleted, "
        f"{len(report.warnings)} warnings, {moments.seconds:.1f} s."
    )


def archive_metadata(report: ExtractReport, moments: Moments) -> Metadata:
    """Tell what a fetch brought."""
    counts = {
        "new_runs": report.new_runs,
        "updated_runs": report.updated_runs,
        "open_runs": report.open_runs,
        "artifacts_found": report.artifacts_found,
        "artifacts_missing": report.artifacts_missing,
        "artifacts_open": report.artifacts_open,
        "bytes": report.bytes,
        "requests": report.requests,
        "requests_rate_limited": report.rate_limited,
    }
    metadata: Metadata = {"summary": dg.MetadataValue.md(fetched(report, moments))}
    metadata |= {name: dg.MetadataValue.int(count) for name, count in counts.items()}
    metadata["seconds"] = dg.MetadataValue.float(round(moments.seconds, 3))
    if report.rate_limited_until:
        metadata["rate_limited_until"] = dg.MetadataValue.timestamp(report.rate_limited_until)
    if report.warnings:
        metadata["warnings"] = dg.MetadataValue.md(bullets(report.warnings))
    return metadata


def fetched(report: ExtractReport, moments: Moments) -> str:
    """Tell a fetch in one line."""
    return (
        f"Fetched {report.new_runs} new and {report.updated_runs} changed runs with "
        f"{report.artifacts_found} artifacts ({report.bytes / 1e6:.1f} MB) in {report.requests} "
        f"requests; {report.open_runs} runs are going on, {len(report.warnings)} warnings, "
        f"{moments.seconds:.1f} s."
    )
