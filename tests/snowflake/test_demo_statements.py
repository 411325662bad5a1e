"""What the demo account's syncs ask of Snowflake: how much, in which order, in which words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import sqlglot

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.errors import WarehouseError
from sigma_dbt_sync.sync import run_sync
from sigma_dbt_sync.warehouse.views import load_views
from tests.snowflake.hard_to_carry import LONG_SQL, add_hard_run
from tests.snowflake.two_warehouses import (
    NIGHTLY_JOB,
    NOW,
    QUARTER,
    contents,
    demo_account,
    demo_settings,
)

WITH_NEWS = ("first", "second", "fourth", "fifth")
DDL = ("CREATE", "ALTER", "DROP", "COMMENT", "TRUNCATE")

each_tick = pytest.mark.parametrize("tick", WITH_NEWS)


@dataclass
class Published:
    """One batch: the statements that stage it, and those of its transaction."""

    staging: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)

    @property
    def merged(self) -> list[str]:
        return [sql.split()[2] for sql in self.inside if sql.startswith("MERGE")]

    @property
    def uploads(self) -> int:
        return sum(sql.startswith("PUT") for sql in self.staging)

    @property
    def statements(self) -> int:
        return len(self.staging) + len(self.inside) + len(("BEGIN", "COMMIT"))


def statements(log) -> list[str]:
    return [entry["sql"] for entry in log if entry["kind"] == "statement"]


def published(log) -> Iterator[Published]:
    """Find the batches in a log; a batch begins with its one question, and stages after it."""
    batch, is_open = Published(), False
    for sql in statements(log):
        word = sql.split(maxsplit=1)[0]
        if word == "BEGIN":
            is_open = True
        elif word in {"COMMIT", "ROLLBACK"}:
            yield batch
            batch, is_open = Published(), False
        elif is_open:
            batch.inside.append(sql)
        elif re.search(r"STG_|_WRITE_PANDAS_|AS place|TEMPORARY STAGE|COPY INTO", sql):
            batch.staging.append(sql)


@each_tick
def test_a_transaction_holds_no_ddl(synced, tick):
    found = list(published(synced.logs[tick]))

    assert found
    assert [sql for batch in found for sql in batch.inside if sql.startswith(DDL)] == []


@each_tick
def test_a_batch_of_n_tables_takes_at_most_5n_plus_2_statements(synced, tick):
    taken = {len(b.merged): b.statements for b in published(synced.logs[tick])}

    assert max(taken) >= 10
    assert {n: number for n, number in taken.items() if number > 5 * n + 2} == {}


@pytest.mark.parametrize("tick", ["fourth", "fifth"])
def test_one_more_run_takes_no_more_than_that_with_all_its_questions(synced, tick):
    report = synced.reports["snowflake", tick].loaded
    changed = sum(bool(counts.written) for counts in report.tables.values())

    assert report.statements <= 5 * changed + 2


@each_tick
def test_a_batch_takes_one_merge_a_table_and_nine_more(synced, tick):
    """docs/adr/0006: one question, staging (4), BEGIN, the lock, deleted texts, COMMIT."""
    for batch in published(synced.logs[tick]):
        assert batch.statements <= len(batch.merged) + 9
        assert batch.uploads <= 1
        assert len(set(batch.merged)) == len(batch.merged)


def test_nothing_new_is_no_connection(synced):
    assert synced.reports["snowflake", "third"].is_nothing_new
    assert synced.logs["third"] == []


@each_tick
def test_each_sync_is_one_login_and_its_statements_are_counted(synced, tick):
    log = synced.logs[tick]
    report = synced.reports["snowflake", tick]
    (login,) = [entry for entry in log if entry["kind"] == "login"]

    assert report.sync_id in login["data"]["SESSION_PARAMETERS"]["QUERY_TAG"]
    assert report.loaded.statements == len(statements(log))


@each_tick
def test_each_session_is_closed_by_its_last_word(synced, tick):
    kinds = [entry["kind"] for entry in synced.logs[tick]]

    assert (kinds[0], kinds[-1]) == ("login", "logout")
    assert kinds.count("logout") == 1


def test_rows_are_staged_with_logical_types(synced):
    copies = [sql for sql in statements(synced.logs["first"]) if "COPY INTO" in sql]

    assert copies
    assert [sql for sql in copies if "USE_LOGICAL_TYPE=TRUE" not in sql] == []


def test_tables_and_views_are_made_once(synced):
    made = [
        sql for sql in statements(synced.logs["first"]) if re.match("CREATE (TABLE|OR.*VIEW)", sql)
    ]
    later = [sql for tick in WITH_NEWS[1:] for sql in statements(synced.logs[tick])]

    assert len(made) == len(tables.ALL) + len(load_views()) + 1
    assert [sql for sql in later if sql.startswith(DDL) and "TEMPORARY" not in sql] == []


def test_texts_of_sql_are_not_sent_again_when_only_a_description_changes(synced):
    report = synced.reports["snowflake", "fourth"].loaded

    assert report.tables["dbt_models"].updated == 1
    assert "dbt_code" not in {t for batch in published(synced.logs["fourth"]) for t in batch.merged}
    assert max(
        entry["longest"] for entry in synced.logs["fourth"] if entry["kind"] == "statement"
    ) < len(LONG_SQL)


def test_every_statement_is_snowflakes_sql(synced):
    log = [entry for tick in WITH_NEWS for entry in synced.logs[tick]]
    ours = [sql for sql in statements(log) if "WRITE_PANDAS" not in sql]

    for sql in dict.fromkeys(ours):
        (tree,) = sqlglot.parse(sql, read="snowflake")
        assert not isinstance(tree, sqlglot.exp.Command) or sql.startswith(("BEGIN", "SHOW")), sql


def test_a_failing_merge_leaves_every_table_as_it_was_and_the_next_sync_repairs(
    account, database, synced, tmp_path
):
    def everything():
        return {
            table.name: contents(settings, table.name, [column.name for column in table.columns])
            for table in tables.ALL
        }

    dbt_cloud = demo_account()
    with serve.running(dbt_cloud) as server:
        settings = account.settings(database, **demo_settings(server.url, tmp_path))
        nightly = settings.model_copy(update={"dbt_cloud_job_ids": (NIGHTLY_JOB,)})
        run_sync(nightly, clock=lambda: NOW)
        before = everything()
        add_hard_run(dbt_cloud, NOW)
        account.log()

        account.refuse("statement", "^MERGE", skip=2, message="disk on fire")
        with pytest.raises(WarehouseError, match="disk on fire"):
            run_sync(settings, clock=lambda: NOW + QUARTER)
        log = statements(account.log())
        after = everything()

        repaired = run_sync(settings, clock=lambda: NOW + QUARTER)

    assert after == before
    assert sum(sql.startswith("MERGE") for sql in log) == 3
    assert log[-1] == "ROLLBACK"
    assert repaired.loaded.tables == synced.reports["snowflake", "second"].loaded.tables
