"""Reads dbt Cloud through its Admin API. Only GET, so that a read-only token is enough."""

from sigma_dbt_sync.dbt_cloud.client import DbtCloudClient, Seen, open_client
from sigma_dbt_sync.dbt_cloud.http import Sink, Traffic
from sigma_dbt_sync.dbt_cloud.paging import RunPage
from sigma_dbt_sync.dbt_cloud.payloads import Account

__all__ = ["Account", "DbtCloudClient", "RunPage", "Seen", "Sink", "Traffic", "open_client"]
