"""How several processes share one DuckDB file, and what a crash leaves."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic

import pytest

from sigma_dbt_sync.errors import BatchOutdated, WarehouseBusy, WarehouseError
from sigma_dbt_sync.warehouse.base import Batch, Change
from sigma_dbt_sync.warehouse.duckdb import DuckDB

HOLD = """
import sys, time, duckdb
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
held.close()
"""

PUBLISH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from sigma_dbt_sync.tables.graph import DBT_CODE, DBT_EDGES, CodeRow
from sigma_dbt_sync.warehouse.base import Batch, Change
from sigma_dbt_sync.warehouse.duckdb import DuckDB

class Deadly(list):
    def __iter__(self):
        os.kill(os.getpid(), signal.SIGKILL)

def code(name):
    return CodeRow(account_id=1, code_hash=name, language="sql", code=name, is_truncated=False)

warehouse = DuckDB(Path(sys.argv[1]))
warehouse.migrate()
warehouse.publish(Batch("s1", 0, (Change(DBT_CODE, [code("kept")]),)))
lost = Change(DBT_CODE, [code(str(n)) for n in range(50_000)], {"account_id": [1]})
warehouse.publish(Batch("s2", 1, (lost, Change(DBT_EDGES, Deadly()))))
"""


@contextmanager
def held_by_another_process(path, *, seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_file_in_use_is_waited_for(warehouse, path, shop):
    warehouse.close()

    with held_by_another_process(path, seconds=0.7):
        counts = shop.publish(warehouse, shop.item())

    assert counts.inserted == 1


def test_waiting_ends_and_names_who_has_the_file(warehouse, path):
    warehouse.close()
    impatient = DuckDB(path, tables=[], views=[], wait_seconds=0.3)
    started = monotonic()

    with (
        held_by_another_process(path, seconds=60) as holder,
        pytest.raises(WarehouseBusy, match=rf"held by process {holder.pid} \(.*python") as raised,
    ):
        impatient.identity()

    assert raised.value.retryable
    assert monotonic() - started < 10


def test_a_closed_warehouse_leaves_the_file_to_others(warehouse, path):
    warehouse.identity()
    warehouse.close()

    with held_by_another_process(path, seconds=0):
        pass


def test_a_process_killed_while_it_publishes_changes_nothing(path):
    path.parent.mkdir(parents=True)
    died = subprocess.run([sys.executable, "-c", PUBLISH_AND_DIE, path], check=False)
    assert died.returncode == -signal.SIGKILL

    warehouse = DuckDB(path)

    assert warehouse.query("SELECT code_hash FROM dbt_code").to_pylist() == [{"code_hash": "kept"}]
    assert warehouse.identity().generation == 1
    assert warehouse.migrate() == []
    warehouse.close()


def test_of_two_publishers_at_once_only_one_gets_through(path, shop):
    """Each plans again when another was faster; nothing is lost and nothing doubled."""
    warehouse = DuckDB(path, tables=shop.tables, views=[])
    warehouse.migrate()
    # DuckDB makes its reader of Arrow at the first publish; threads may not race for that one.
    warehouse.publish(Batch("s", 0, (Change(shop.items, [shop.item(0, order_id=99)]),)))

    def publisher(number: int) -> int:
        mine = DuckDB(path, tables=shop.tables, views=[])
        outdated = 0
        for line in range(10):
            while True:
                change = Change(shop.items, [shop.item(line, order_id=number)])
                try:
                    planned_at = mine.identity().generation
                    mine.publish(Batch("s", planned_at, (change,)))
                    break
                except BatchOutdated:
                    outdated += 1
        mine.close()
        return outdated

    with ThreadPoolExecutor() as pool:
        list(pool.map(publisher, range(4)))

    assert warehouse.identity().generation == 41
    assert len(shop.lines(warehouse)) == 41
    warehouse.close()


@pytest.mark.parametrize("ask", ["identity", "query"])
def test_asking_a_missing_file_makes_none(path, ask):
    warehouse = DuckDB(path)

    with pytest.raises(WarehouseError, match="no DuckDB file"):
        warehouse.query("SELECT 1") if ask == "query" else warehouse.identity()

    assert not path.exists()


def test_a_file_without_our_tables_says_so(path, shop):
    path.parent.mkdir(parents=True)
    with held_by_another_process(path, seconds=0):
        pass

    with pytest.raises(WarehouseError, match="has no schema dbt_metadata"):
        DuckDB(path).identity()


def test_something_else_than_a_database_is_told_as_such(path):
    path.parent.mkdir(parents=True)
    path.write_text("no database " * 1000)

    with pytest.raises(WarehouseError, match="not a valid DuckDB database"):
        DuckDB(path).migrate()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(WarehouseError, match="cannot be made"):
        DuckDB(tmp_path / "a" / "b.duckdb").migrate()


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "a").touch()

    with pytest.raises(WarehouseError, match="cannot be made"):
        DuckDB(tmp_path / "a" / "b" / "c.duckdb").migrate()
