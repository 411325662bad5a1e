"""The jobs: what runs together. When they run is decided in `schedules` and `sensors`."""

import dagster as dg

from sigma_dbt_sync.orchestration.failures import NEVER_RETRIED_BY_THE_DAEMON

dbt_metadata_sync = dg.define_asset_job(
    "dbt_metadata_sync",
    selection=dg.AssetSelection.groups("dbt_cloud", "dbt_metadata", "analyst_views"),
    description="Fetch what is new in dbt Cloud and load it into the warehouse.",
    tags=NEVER_RETRIED_BY_THE_DAEMON,
)
