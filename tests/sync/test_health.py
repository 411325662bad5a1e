"""Changes of health agree with dbt_tab, and with themselves however runs arrive."""

import shutil
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings

from sigma_dbt_sync.sync.load import load
from sigma_dbt_sync.tables.health import DBT_HEALTH_CHANGES, DBT_HEALTH_INPUTS
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.builders import NOON
from tests.sync.made_up_runs import stories

TABLES = (DBT_HEALTH_CHANGES, DBT_HEALTH_INPUTS)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    warehouse = DuckDB(path)
    warehouse.migrate()
    warehouse.close()
    return path


class Loading:
    """A warehouse, and what was loaded into it."""

    def __init__(self, template, name):
        path = template.with_name(f"{name}.duckdb")
        shutil.copy(template, path)
        self.warehouse = DuckDB(path)

    def load(self, shelf):
        load(shelf, self.warehouse, sync_id="test", clock=lambda: NOON)

    def rows(self, table):
        names = ", ".join(column.name for column in table.columns)
        found = self.warehouse.query(f"SELECT {names} FROM {table.name} ORDER BY ALL")
        return found.to_pylist()

    def tab(self):
        found = self.warehouse.query("SELECT unique_id, health FROM dbt_tab").to_pylist()
        return {row["unique_id"]: row["health"] for row in found}

    def close(self):
        self.warehouse.close()


def last_health(rows):
    return {row["unique_id"]: row["to_health"] for row in sorted(rows, key=_when)}


def _when(row):
    return row["changed_at"], row["run_id"], row["step_index"]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories())
def test_the_last_change_is_what_dbt_tab_shows_however_runs_arrive(template, story):
    shelf, _, pieces = story
    bit_by_bit, at_once = Loading(template, "bit_by_bit"), Loading(template, "at_once")
    for piece in pieces:
        for run in piece:
            shelf.show(run)
        bit_by_bit.load(shelf)
        known = last_health(bit_by_bit.rows(DBT_HEALTH_CHANGES))
        shown = bit_by_bit.tab()
        assert {uid: known.get(uid, "unknown") for uid in shown} == shown
    shelf.notes.clear()
    at_once.load(shelf)
    for table in TABLES:
        assert bit_by_bit.rows(table) == at_once.rows(table)
    assert_each_change_follows_the_one_before(at_once.rows(DBT_HEALTH_CHANGES))
    bit_by_bit.close()
    at_once.close()


def assert_each_change_follows_the_one_before(rows):
    by_relation = defaultdict(list)
    for row in sorted(rows, key=_when):
        by_relation[row["unique_id"]].append(row)
    for changes in by_relation.values():
        healths = ["unknown", *(row["to_health"] for row in changes)]
        assert [row["from_health"] for row in changes] == healths[:-1]
        assert all(row["from_health"] != row["to_health"] for row in changes)
        assert len({row["run_id"] for row in changes}) == len(changes)
