"""Stores rows. One module per warehouse, all behind `base.Warehouse`."""

from collections.abc import Generator
from contextlib import contextmanager

from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.warehouse.base import Warehouse
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from sigma_dbt_sync.warehouse.snowflake import Snowflake
from sigma_dbt_sync.warehouse.snowflake_login import login_from


@contextmanager
def open_warehouse(settings: Settings, *, sync_id: str | None = None) -> Generator[Warehouse]:
    """Hand out the warehouse the settings name, and close it afterwards.

    Nothing is connected before the first call that needs it. Snowflake shows `sync_id` in its query
    history.

    Raises:
        ConfigurationError: a setting of the warehouse is missing.
    """
    warehouse: Warehouse
    if settings.warehouse == "snowflake":
        warehouse = Snowflake(login_from(settings, sync_id=sync_id))
    else:
        warehouse = DuckDB(settings.duckdb_path)
    try:
        yield warehouse
    finally:
        warehouse.close()
