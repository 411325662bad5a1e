"""The demo account in Snowflake, over the wire, and in DuckDB: the same rows."""

import pytest

from sigma_dbt_sync import sync, tables
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.cli import tab
from sigma_dbt_sync.demo.account import ACCOUNT_ID
from sigma_dbt_sync.sync.asked import persisted_nodes
from sigma_dbt_sync.sync.audit import audit
from sigma_dbt_sync.sync.graph_query import GraphQuery
from sigma_dbt_sync.sync.outbox_present import OutboxPresent
from sigma_dbt_sync.sync.preview import previews
from sigma_dbt_sync.tables.arrow import row_hashes, rows_from
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.views import load_views
from tests.docs.questions import questions
from tests.snowflake.hard_to_carry import LONG_SQL, RUN_ID, TEXT
from tests.snowflake.two_warehouses import NOW, SAID_OTHERWISE, contents

each_table = pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
each_view = pytest.mark.parametrize("view", load_views(), ids=lambda view: view.name)


def test_what_is_hard_to_carry_is_among_the_rows(synced):
    asked = {
        f"SELECT count(*) FROM dbt_node_executions WHERE run_id = {RUN_ID}": 40,
        f"SELECT count(*) FROM dbt_code WHERE length(code) = {len(LONG_SQL)}": 1,
        "SELECT max(length(code)) FROM dbt_code": 200_000,
    }
    for settings in (synced.duckdb, synced.snowflake):
        with open_warehouse(settings) as warehouse:
            for sql, at_least in asked.items():
                ((found,),) = [row.values() for row in warehouse.query(sql).to_pylist()]
                assert found >= at_least, sql
            (started,) = (
                warehouse.query(
                    f"SELECT max(executed_at) AS at FROM dbt_test_results WHERE run_id = {RUN_ID}"
                )
                .column(0)
                .to_pylist()
            )
            assert started.microsecond
            columns = warehouse.query("SELECT description, catalog_type FROM dbt_columns")
            assert columns.column("catalog_type").null_count
            assert any(text.startswith(TEXT) for text in columns.column(0).to_pylist() if text)
            described = warehouse.query(
                "SELECT DISTINCT description FROM dbt_tab WHERE table_name = 'stg_customers'"
            )
            assert SAID_OTHERWISE in described.column(0).to_pylist()


@each_table
def test_a_table_has_the_same_rows_and_types(synced, table):
    columns = [column.name for column in table.columns]

    expected_types, expected = contents(synced.duckdb, table.name, columns)
    types, found = contents(synced.snowflake, table.name, columns)

    assert found == expected
    assert types == expected_types


@each_view
def test_a_view_shows_the_same_rows_and_types(synced, view):
    expected_types, expected = contents(synced.duckdb, view.name, list(view.columns))
    types, found = contents(synced.snowflake, view.name, list(view.columns))

    assert found == expected
    assert types == expected_types


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: str(asked.number))
def test_a_question_of_the_guide_has_the_same_answer(synced, asked):
    source = f"({asked.sql}) AS answer"
    _, expected = contents(synced.duckdb, source, asked.columns)
    _, found = contents(synced.snowflake, source, asked.columns)

    assert found == expected


@each_table
def test_a_row_read_back_has_the_hash_it_was_written_with(synced, table):
    with open_warehouse(synced.snowflake) as warehouse:
        found = warehouse.query(f"SELECT * FROM {table.name}")

    assert row_hashes(table, rows_from(table, found)) == found.column("row_hash").to_pylist()


def told(settings):
    """Ask everything that the package asks of a warehouse besides a load."""
    archive = Archive(settings.archive_url, ACCOUNT_ID)
    with open_warehouse(settings) as warehouse:
        audited = audit(archive, warehouse, sync_id="none", now=NOW)
        graph = GraphQuery(warehouse, ACCOUNT_ID, ())
        shown = tab.relations(warehouse, settings)
        telling = tab.telling_relation(warehouse, ACCOUNT_ID)
        outbox = OutboxPresent(warehouse)
        changes = outbox.changes_in(("built", "waiting_for_build", "not_persisted", "baseline"))
        return {
            "audit": audited.contents,
            "lost": audited.runs_lost,
            "graph": graph.graph(),
            "results": graph.results(),
            "relations": sorted(shown, key=str),
            "tab": tab.read_tab(warehouse, telling).as_json(),
            "waiting": sync.waiting(warehouse, settings, clock=lambda: NOW),
            "persisted": sorted(persisted_nodes(warehouse)),
            "changes": sorted(changes, key=str),
            "places": outbox.relations({change.node_key for change in changes}),
            "has_tables": tab.has_tables(warehouse),
            "previews": previews(warehouse, ACCOUNT_ID),
        }


def test_every_question_is_answered_alike(synced):
    expected, found = told(synced.duckdb), told(synced.snowflake)

    for what, answer in expected.items():
        assert found[what] == answer, what
    assert found["changes"]


def test_each_sync_did_the_same_in_both(synced):
    for tick in ("first", "second", "third", "fourth", "fifth"):
        found = synced.reports["snowflake", tick].loaded.tables
        expected = synced.reports["duckdb", tick].loaded.tables
        assert {name: counts for name, counts in found.items() if counts.written} == {
            name: counts for name, counts in expected.items() if counts.written
        }
