"""Tables keep the names that people and other programs count on."""

import pytest

from sigma_dbt_sync.tables import ALL
from tests.tables.contract import COLUMNS, KEYS

TABLES = {table.name: table for table in ALL}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_table_has_its_columns(name):
    stored = {column.name for column in TABLES[name].stored}

    assert {*COLUMNS[name].split(), "account_id", "loaded_at", "sync_id"} - stored == set()


@pytest.mark.parametrize("name", KEYS)
def test_the_table_has_its_key(name):
    assert TABLES[name].key == ("account_id", *KEYS[name].split())
