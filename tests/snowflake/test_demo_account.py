"""The demo account synced into Snowflake, over the wire, and into DuckDB: the same rows."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlglot

from sigma_dbt_sync import sync, tables
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.cli import tab
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.errors import WarehouseError
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync import run_sync
from sigma_dbt_sync.sync.asked import persisted_nodes
from sigma_dbt_sync.sync.audit import audit
from sigma_dbt_sync.sync.graph_query import GraphQuery
from sigma_dbt_sync.sync.outbox_present import OutboxPresent
from sigma_dbt_sync.sync.preview import previews
from sigma_dbt_sync.tables.arrow import row_hashes, rows_from
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.views import load_views

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)
BY_THE_CLOCK = {"judged_at", "age_seconds", "seconds_since_green", "failing_seconds"}
OF_ONE_SYNC = {"load_id", "started_at", "finished_at", "last_sync_at"}
DDL = ("CREATE", "ALTER", "DROP", "COMMENT")


@pytest.fixture(scope="module")
def synced(snowflake_account, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """Sync twice into each: first most runs, then the rest, as between two ticks."""
    found = SimpleNamespace(account=snowflake_account, logs={}, reports={})
    snowflake_account.forget()
    with serve.running(Account(read_story(), anchor=NOW)) as server:
        for name in ("duckdb", "snowflake"):
            folder = tmp_path_factory.mktemp(name)
            common = {
                "dbt_cloud_api_host": server.url,
                "dbt_cloud_service_token": TOKEN,
                "dbt_cloud_account_id": ACCOUNT_ID,
                "archive_url": str(folder / "archive"),
                "duckdb_path": folder / "test.duckdb",
            }
            settings = load_settings(_env_file=None, **common)
            if name == "snowflake":
                database = f"T{uuid4().hex}".upper()
                settings = snowflake_account.settings(database, **common)
            setattr(found, name, settings)
            for minute, tick in enumerate(("first", "second", "third")):
                now = NOW + timedelta(minutes=minute)
                jobs = () if tick != "first" else (70403103931740,)
                chosen = settings.model_copy(update={"dbt_cloud_job_ids": jobs})
                found.reports[name, tick] = run_sync(chosen, clock=lambda now=now: now)
                found.logs[name, tick] = snowflake_account.log()
        yield found


def statements(log):
    return [entry["sql"] for entry in log if entry["kind"] == "statement"]


def _text(row):
    return [str(float(v)) if isinstance(v, int | Decimal) else repr(v) for v in row]


def contents(settings, name, columns):
    chosen = [column for column in columns if column not in BY_THE_CLOCK | OF_ONE_SYNC]
    with open_warehouse(settings) as warehouse:
        found = warehouse.query(f"SELECT {', '.join(chosen)} FROM {name}")
    rows = [tuple(row.values()) for row in found.to_pylist()]
    return found.schema, sorted(rows, key=_text)


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_a_table_has_the_same_rows_and_types(synced, table):
    columns = [column.name for column in table.columns]

    expected_types, expected = contents(synced.duckdb, table.name, columns)
    types, found = contents(synced.snowflake, table.name, columns)

    assert found == expected
    assert types.names == expected_types.names
    if expected:
        assert types.types == expected_types.types


@pytest.mark.parametrize("view", load_views(), ids=lambda view: view.name)
def test_a_view_shows_the_same_rows(synced, view):
    _, expected = contents(synced.duckdb, view.name, view.columns)
    _, found = contents(synced.snowflake, view.name, view.columns)

    assert found == expected


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
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
    for tick in ("first", "second", "third"):
        found = synced.reports["snowflake", tick].loaded.tables
        expected = synced.reports["duckdb", tick].loaded.tables
        assert {name: counts for name, counts in found.items() if counts.written} == {
            name: counts for name, counts in expected.items() if counts.written
        }


def test_nothing_new_is_no_connection(synced):
    assert synced.reports["snowflake", "third"].is_nothing_new
    assert synced.logs["snowflake", "third"] == []


def test_each_sync_is_one_login_and_its_statements_are_counted(synced):
    for tick in ("first", "second"):
        log = synced.logs["snowflake", tick]
        logins = [entry for entry in log if entry["kind"] == "login"]
        report = synced.reports["snowflake", tick]

        assert len(logins) == 1
        tag = logins[0]["data"]["SESSION_PARAMETERS"]["QUERY_TAG"]
        assert report.sync_id in tag
        assert report.loaded.statements == len(statements(log))


def transactions(log) -> Iterator[tuple[list[str], list[str]]]:
    """Yield what was run to prepare each transaction, and what inside it."""
    before, inside, is_open = [], [], False
    for sql in statements(log):
        word = sql.split(maxsplit=1)[0]
        if word == "BEGIN":
            is_open = True
        elif word in {"COMMIT", "ROLLBACK"}:
            yield before, inside
            before, inside, is_open = [], [], False
        elif is_open:
            inside.append(sql)
        else:
            before.append(sql)


@pytest.mark.parametrize("tick", ["first", "second"])
def test_a_transaction_holds_no_ddl(synced, tick):
    found = list(transactions(synced.logs["snowflake", tick]))

    assert found
    assert [sql for _, inside in found for sql in inside if sql.startswith(DDL)] == []


@pytest.mark.parametrize("tick", ["first", "second"])
def test_few_statements_publish_many_tables(synced, tick):
    for before, inside in transactions(synced.logs["snowflake", tick]):
        merged = [sql for sql in inside if sql.startswith("MERGE")]
        publishing = [sql for sql in before if re.search(r"STG_|_WRITE_PANDAS_|AS place", sql)]
        all_of_it = len(publishing) + len(inside) + len(("BEGIN", "COMMIT"))
        if len(merged) > 1:  # the ledger of loads is a transaction of one small table
            assert all_of_it <= 5 * len(merged) + 2


def test_rows_are_staged_with_logical_types(synced):
    copies = [sql for sql in statements(synced.logs["snowflake", "first"]) if "COPY INTO" in sql]

    assert copies
    assert [sql for sql in copies if "USE_LOGICAL_TYPE=TRUE" not in sql] == []


def test_texts_of_code_are_sent_once(synced):
    def sent(tick):
        log = statements(synced.logs["snowflake", tick])
        return [sql for sql in log if sql.startswith("MERGE INTO dbt_code")]

    second = synced.reports["snowflake", "second"].loaded.tables["dbt_code"]

    assert sent("first")
    assert second.updated == 0


def test_every_statement_is_snowflakes_sql(synced):
    log = [*synced.logs["snowflake", "first"], *synced.logs["snowflake", "second"]]
    ours = [sql for sql in statements(log) if "WRITE_PANDAS" not in sql]

    for sql in dict.fromkeys(ours):
        (tree,) = sqlglot.parse(sql, read="snowflake")
        assert not isinstance(tree, sqlglot.exp.Command) or sql.startswith(("BEGIN", "SHOW")), sql


def test_a_failing_merge_leaves_every_table_as_it_was_and_the_next_sync_repairs(
    account, database, tmp_path
):
    with serve.running(Account(read_story(), anchor=NOW)) as server:
        settings = account.settings(
            database,
            dbt_cloud_api_host=server.url,
            dbt_cloud_service_token=TOKEN,
            dbt_cloud_account_id=ACCOUNT_ID,
            archive_url=str(tmp_path / "archive"),
        )
        account.refuse("statement", "^MERGE", skip=2, message="disk on fire")
        with pytest.raises(WarehouseError, match="disk on fire"):
            run_sync(settings, clock=lambda: NOW)
        with open_warehouse(settings) as warehouse:
            left = {t.name: warehouse.query(f"SELECT 1 FROM {t.name}").num_rows for t in tables.ALL}
            generation = warehouse.identity().generation
        log = statements(account.log())

        repaired = run_sync(settings, clock=lambda: NOW)

    assert set(left.values()) == {0}
    assert generation == 0
    assert "ROLLBACK" in log
    assert repaired.loaded.total.inserted > 2000
