"""Deliveries that are cut off, run side by side, or meet a Sigma on a bad day."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import Outcome
from sigma_dbt_sync.sync.outbox import Done, Outbox
from tests.delivery.world import BadDay, change

PROGRAM = Path(sys.executable).with_name("sigma-dbt-sync")
OURS = {name.upper() for name in Settings.model_fields}

# A delivery in a process of its own, with pauses and leases short enough for a test.
DELIVER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sigma import open_sigma
from sigma_dbt_sync.sync.deliver import deliver
from sigma_dbt_sync.sync.outbox import Terms
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.delivery.world import CONNECTION, QUICK

settings = load_settings(
    _env_file=None, sigma_api_host=sys.argv[2], sigma_client_id="demo_client",
    sigma_client_secret="demo_secret", sigma_connection=CONNECTION,
)
terms = Terms(lambda _: CONNECTION, "built", lease=timedelta(seconds=float(sys.argv[3])))
with open_sigma(settings, pauses=QUICK) as client:
    deliver(DuckDB(Path(sys.argv[1])), client, terms, delivery_id=sys.argv[4],
            clock=lambda: datetime.now(UTC), read_back_seconds=1)
"""


# Requests whose attempts are not numbered from 1, are not settled, or do not end well.
INCOMPLETE = """
SELECT sync_request_id FROM sigma_table_syncs GROUP BY sync_request_id
HAVING max(attempt) <> count(*) OR min(attempt) <> 1 OR count(finished_at) <> count(*)
    OR count(*) FILTER (state = 'confirmed') <> 1 OR max_by(state, attempt) <> 'confirmed'
"""


def started(world, server, *, name, lease=4.0):
    command = [sys.executable, "-c", DELIVER, world.path, server.url, str(lease), name]
    return subprocess.Popen(command)


def table_syncs(world):
    """How often Sigma synced each table."""
    return Counter(world.synced())


def test_five_kills_on_a_bad_day_and_every_table_is_synced_once(world):
    names = [f"t{number:03}" for number in range(500)]
    world.add_tables(*names)
    day = None

    def bad_day(app):
        nonlocal day
        day = BadDay(app)
        return day

    with world.served(bad_day) as server:
        for kill in range(5):
            process = started(world, server, name=f"killed-{kill}")
            goal = len(world.synced()) + 40
            deadline = time.monotonic() + 60
            while len(world.synced()) < goal and time.monotonic() < deadline:
                time.sleep(0.005)
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
        for attempt in range(20):
            process = started(world, server, name=f"last-{attempt}")
            assert process.wait(240) == 0
            if set(world.states().values()) == {"confirmed"}:
                break

    assert set(world.states().values()) == {"confirmed"}
    assert table_syncs(world) == dict.fromkeys(names, 1)
    assert day.most_at_once <= 3
    settled = world.query(
        "SELECT count(DISTINCT unique_id) FROM sigma_table_syncs WHERE state = 'confirmed'"
    )
    assert settled == [(500,)]
    assert world.query("SELECT count(*) FROM sigma_table_syncs WHERE state = 'requested'") == [(0,)]
    assert world.query(INCOMPLETE) == []


@pytest.mark.slow
def test_two_deliveries_at_once_share_the_work(world, tmp_path):
    """As two hosts would, each by the command that people type."""
    names = [f"t{number:02}" for number in range(60)]
    world.add_tables(*names)
    with world.served() as server:
        told = world.settings(server)
        environment = {name: value for name, value in os.environ.items() if name not in OURS} | {
            "DUCKDB_PATH": str(told.duckdb_path),
            "SIGMA_API_HOST": server.url,
            "SIGMA_CLIENT_ID": told.sigma_client_id,
            "SIGMA_CLIENT_SECRET": told.sigma_client_secret.get_secret_value(),
            "SIGMA_CONNECTION": told.sigma_connection,
        }
        both = [
            subprocess.Popen(
                [PROGRAM, "deliver", "--json"],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        reports = [json.loads(process.communicate(timeout=110)[0]) for process in both]
    sent = [table["table"] for report in reports for table in report["tables"]]

    assert [process.returncode for process in both] == [0, 0]
    assert sorted(sent) == [f"shop.analytics.{name}" for name in names]
    assert table_syncs(world) == dict.fromkeys(names, 1)
    assert set(world.states().values()) == {"confirmed"}


def claimed(world):
    """Claim everything as a delivery does that is then cut off."""
    warehouse = world.warehouse()
    outbox = Outbox(warehouse, world.terms, delivery_id="cut off", clock=lambda: world.now)
    claims = outbox.claim(100, tried=set())
    warehouse.close()
    return claims


def test_what_is_claimed_belongs_to_its_delivery_until_the_lease_ends(world):
    world.add_tables("orders")
    claimed(world)
    with world.served() as server:
        report = world.deliver(server)
        assert (world.synced(), report.held) == ([], 1)

        world.now += timedelta(minutes=16)
        world.deliver(server)
    attempts = world.query("SELECT attempt, state FROM sigma_table_syncs ORDER BY attempt")

    assert world.synced() == ["orders"]
    assert attempts == [(1, "retry"), (2, "confirmed")]


def test_cut_off_after_sigma_synced_it_is_not_sent_again(world):
    world.add_tables("orders")
    claimed(world)
    path = ("shop", "analytics", "orders")
    world.connection.indexed[path] = world.comments[path]
    world.now += timedelta(minutes=16)
    with world.served() as server:
        world.deliver(server)

    assert world.synced() == []
    assert world.states() == {"orders.id": "confirmed"}


def test_a_text_superseded_on_its_way_was_sent_all_the_same(world):
    world.add_tables("orders")
    (claim,) = claimed(world)
    world.write(change("orders", state="superseded", state_detail="A newer text came."))
    warehouse = world.warehouse()
    outbox = Outbox(warehouse, world.terms, delivery_id="d", clock=lambda: world.now)
    outcome = Outcome(state="confirmed", expected_columns=1, verified_columns=1, http_status=200)
    outbox.settle([Done(claim, "c0ffee", outcome)])
    warehouse.close()

    assert world.query("SELECT state, sent_at IS NOT NULL FROM dbt_doc_changes") == [
        ("confirmed", True)
    ]
