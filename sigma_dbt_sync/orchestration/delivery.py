"""The asset `sigma_table_syncs` and its job: Sigma syncs the tables whose descriptions changed."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from sigma_dbt_sync.errors import SyncError
from sigma_dbt_sync.orchestration import clock
from sigma_dbt_sync.orchestration.event_log import report_metadata
from sigma_dbt_sync.orchestration.failures import NEVER_RETRIED_BY_THE_DAEMON
from sigma_dbt_sync.orchestration.outstanding import CHANGES, SYNCS, Left
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.orchestration.specs import table_spec
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync import DeliveryReport, run_delivery
from sigma_dbt_sync.sync.deliver import Delivered
from sigma_dbt_sync.sync.settlement import TRIED_LATER
from sigma_dbt_sync.tables.delivery import SIGMA_TABLE_SYNCS

_NAMED_IN_A_FAILURE = 5

sigma_sync = dg.define_asset_job(
    "sigma_sync",
    selection=dg.AssetSelection.assets(SYNCS),
    description="Make Sigma sync the tables whose persisted descriptions changed.",
    tags=NEVER_RETRIED_BY_THE_DAEMON,
)


def delivery_asset(settings: Settings) -> dg.AssetsDefinition:
    """Make the step that tells Sigma.

    It has no retries of its own: the sensor tries again later, with growing pauses.
    """
    spec = table_spec(SIGMA_TABLE_SYNCS, settings)

    @dg.multi_asset(
        name=SYNCS,
        specs=[spec.replace_attributes(deps=[CHANGES], kinds={settings.warehouse, "table"})],
        description="Sync tables in Sigma, a few at a time, and see what it shows afterwards.",
    )
    def sigma_table_syncs(
        context: dg.AssetExecutionContext, sync_settings: SyncSettings
    ) -> Iterator[dg.MaterializeResult[Any]]:
        try:
            report = run_delivery(
                sync_settings.load(), clock=clock.now, delivery_id=context.run.run_id
            )
        except SyncError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        yield dg.MaterializeResult(metadata=_metadata(report, context.run.run_id))
        if not report.is_good:
            raise dg.Failure(_failure(report), allow_retries=False)

    return sigma_table_syncs


def _metadata(report: DeliveryReport, run_id: str) -> dict[str, Any]:
    given_up = [one for one in report.failed if one.outcome.state != TRIED_LATER]
    left = Left(clock.now(), run_id, report.remaining + report.held, len(given_up))
    metadata: dict[str, Any] = {
        "tables_synced": len(report.synced),
        "tables_failed": len(report.failed),
        "remaining": left.tables,
        "requests": report.requests,
        "requests_rate_limited": report.rate_limited,
        **report_metadata(left),
    }
    if report.tables:
        metadata["tables"] = dg.MetadataValue.table([_record(one) for one in report.tables])
    return metadata


def _record(one: Delivered) -> dg.TableRecord:
    outcome = one.outcome
    shown = outcome.verified_columns
    return dg.TableRecord(
        {
            "table": one.request.name,
            "state": outcome.state,
            "changed_descriptions": one.request.change_count,
            "columns_shown": "" if shown is None else f"{shown} of {outcome.expected_columns}",
            "attempt": one.attempt,
            "why": outcome.error or "",
        }
    )


def _failure(report: DeliveryReport) -> str:
    failed = report.failed
    unknown = list(report.unknown_connections.values())
    if not failed:
        return "\n".join(unknown)
    lines = [f"{one.request.name}: {one.outcome.error}" for one in failed[:_NAMED_IN_A_FAILURE]]
    more = len(failed) - len(lines)
    if more:
        lines.append(f"and {more} more, all in sigma_table_syncs")
    return (
        f"{len(failed)} of {len(report.tables)} tables were not synced in Sigma; they are tried "
        "again later.\n" + "\n".join([*lines, *unknown])
    )
