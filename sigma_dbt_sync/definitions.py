"""What Dagster loads: names and their wiring. Logic lives in `orchestration/`."""

import dagster as dg

from sigma_dbt_sync.orchestration.assets import archive_asset, warehouse_assets
from sigma_dbt_sync.orchestration.backfill import dbt_history_backfill
from sigma_dbt_sync.orchestration.dbt_assets import dbt_assets
from sigma_dbt_sync.orchestration.delivery import delivery_asset, sigma_sync
from sigma_dbt_sync.orchestration.delivery_sensor import sigma_sync_sensor
from sigma_dbt_sync.orchestration.executor import executor
from sigma_dbt_sync.orchestration.jobs import dbt_metadata_sync
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.orchestration.retention import (
    dagster_run_retention,
    dagster_run_retention_schedule,
)
from sigma_dbt_sync.orchestration.schedules import metadata_schedule
from sigma_dbt_sync.orchestration.sensors import failed_runs
from sigma_dbt_sync.settings import load_settings

_settings = load_settings()
_dbt = dbt_assets(_settings)

defs = dg.Definitions(
    assets=[
        archive_asset(_dbt.environments),
        warehouse_assets(_settings),
        delivery_asset(_settings),
        *_dbt.specs,
    ],
    asset_checks=_dbt.checks,
    jobs=[dbt_metadata_sync, sigma_sync, dbt_history_backfill, dagster_run_retention],
    schedules=[
        metadata_schedule(_settings.sync_cron, _settings.sync_timezone),
        dagster_run_retention_schedule,
    ],
    sensors=[failed_runs, sigma_sync_sensor],
    executor=executor(_settings),
    resources={"sync_settings": SyncSettings()},
)
