"""The settings decide which warehouse is opened."""

import pytest

from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.warehouse import open_warehouse


def settings(**values) -> Settings:
    return Settings(_env_file=None, **values)


def test_duckdb_is_opened_where_the_settings_say_and_closed_again(tmp_path):
    path = tmp_path / "some.duckdb"

    with open_warehouse(settings(warehouse="duckdb", duckdb_path=path)) as warehouse:
        assert warehouse.target == f"duckdb:{path}"
        assert not path.exists()
        warehouse.migrate()

    assert warehouse._open is None


def test_what_is_not_supported_yet_is_said_plainly():
    with (
        pytest.raises(ConfigurationError, match="not available in this version"),
        open_warehouse(settings(warehouse="snowflake")),
    ):
        pass
