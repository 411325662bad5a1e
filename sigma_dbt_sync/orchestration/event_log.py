"""Dagster's event log: what a step tells a later step or run, and what dbt did elsewhere.

Reports travel as one JSON entry of a materialization's metadata. So a step may run in a process of
its own, and a run that finds nothing new can repeat what the last one found, without a warehouse.
"""

from datetime import datetime
from typing import Any, TypeVar

import dagster as dg
import msgspec
from dagster._core.events import AssetObservationData, StepMaterializationData

T = TypeVar("T")

REPORT = "report"

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def report_event(
    instance: dg.DagsterInstance, event: Event, run: dg.DagsterRun, *, at: datetime
) -> None:
    """Log what happened elsewhere `at` that time, as part of the run that found out.

    `report_runless_asset_event`, the public way, would log it as happening now, and for ever: what
    belongs to no run is deleted with none.
    """
    if isinstance(event, dg.AssetMaterialization):
        kind, data = dg.DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event)
    elif isinstance(event, dg.AssetObservation):
        kind, data = dg.DagsterEventType.ASSET_OBSERVATION, AssetObservationData(event)
    else:
        kind, data = dg.DagsterEventType.ASSET_CHECK_EVALUATION, event
    logged = dg.DagsterEvent(kind.value, run.job_name, event_specific_data=data)
    instance.report_dagster_event(logged, run.run_id, timestamp=at.timestamp())


def report_metadata(report: object, entry: str = REPORT) -> dict[str, dg.MetadataValue[Any]]:
    """Word a report (a dataclass or Struct) as one entry of metadata."""
    return {entry: dg.MetadataValue.json(msgspec.to_builtins(report))}


def last_report(
    instance: dg.DagsterInstance, asset: str, of: type[T], entry: str = REPORT
) -> T | None:
    """Read the report of an asset's newest materialization, unless another version wrote it."""
    return _report(instance.get_latest_materialization_event(dg.AssetKey(asset)), of, entry)


def report_of_run(
    instance: dg.DagsterInstance, run: dg.DagsterRun, asset: str, of: type[T]
) -> T | None:
    """Read the report that an earlier step of `run`, or of the run it repeats, left at an asset."""
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    same_attempt = {run.run_id, run.parent_run_id, run.root_run_id}
    return _report(event, of) if event and event.run_id in same_attempt else None


def _report(event: dg.EventLogEntry | None, of: type[T], entry: str = REPORT) -> T | None:
    materialization = event.asset_materialization if event else None
    found = materialization.metadata.get(entry) if materialization else None
    if not isinstance(found, dg.JsonMetadataValue):
        return None
    try:
        return msgspec.convert(found.data, of)
    except msgspec.ValidationError:
        return None
