"""What Dagster loads: names and their wiring. Logic lives in `orchestration/`."""

import dagster as dg

from sigma_dbt_sync.orchestration.assets import dbt_cloud_archive, warehouse_assets
from sigma_dbt_sync.orchestration.jobs import dbt_metadata_sync
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.orchestration.schedules import metadata_schedule
from sigma_dbt_sync.orchestration.sensors import failed_runs
from sigma_dbt_sync.settings import load_settings

_settings = load_settings()

defs = dg.Definitions(
    assets=[dbt_cloud_archive, warehouse_assets(_settings)],
    jobs=[dbt_metadata_sync],
    schedules=[metadata_schedule(_settings.sync_cron, _settings.sync_timezone)],
    sensors=[failed_runs],
    executor=dg.in_process_executor,
    resources={"sync_settings": SyncSettings()},
)
