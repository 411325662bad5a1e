"""Stores rows. One module per warehouse, all behind `base.Warehouse`."""

from collections.abc import Generator
from contextlib import contextmanager

from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.warehouse.base import Warehouse
from sigma_dbt_sync.warehouse.duckdb import DuckDB


@contextmanager
def open_warehouse(settings: Settings) -> Generator[Warehouse]:
    """Hand out the warehouse the settings name, and close it afterwards.

    Nothing is connected before the first call that needs it.

    Raises:
        ConfigurationError: this version does not support the warehouse.
    """
    if settings.warehouse == "snowflake":
        raise ConfigurationError(
            "WAREHOUSE=snowflake is not available in this version; duckdb is. "
            "Leave WAREHOUSE out, or set it to duckdb."
        )
    warehouse = DuckDB(settings.duckdb_path)
    try:
        yield warehouse
    finally:
        warehouse.close()
