"""The whole thing as it is deployed: dagster-daemon, workspace.yaml, a schedule, a sensor, runs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from sigma_dbt_sync.demo.account import TOKEN

ROOT = Path(__file__).parents[2]
DEADLINE = 240
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)


def finished_run(instance, daemon, job):
    """Wait for the first run of a job that is over."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline and daemon.poll() is None:
        runs = instance.get_runs(dg.RunsFilter(job_name=job, statuses=OVER), limit=1)
        if runs:
            return runs[0]
        time.sleep(0.5)
    return None


@pytest.fixture
def home(tmp_path):
    """Make a Dagster home of one's own, configured as ours."""
    folder = tmp_path / "dagster_home"
    folder.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder)
    return folder


@pytest.fixture
def instance(home):
    """Open the home, before the daemon does: two processes must not create its storage at once."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
        instance.get_latest_materialization_event(dg.AssetKey("dbt_models"))
        yield instance


@pytest.fixture
def interruptible():
    """Let children hear SIGINT: Dagster answers SIGTERM as SIGINT, which shells ignore in jobs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def daemon(sigma_server, home, instance, interruptible):
    """Run dagster-daemon as a service does; it is ended by its own handle."""
    log = home / "daemon.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("dagster-daemon"), "run", "-w", "workspace.yaml"],
            cwd=ROOT,
            env={**os.environ, "DAGSTER_HOME": str(home), "SYNC_CRON": "* * * * *"},
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@pytest.mark.slow
@pytest.mark.timeout(2 * DEADLINE + 90)
def test_a_tick_loads_and_sigma_is_told_of_it_with_no_hands(
    deployment, organization, home, instance, daemon
):
    load = finished_run(instance, daemon, "dbt_metadata_sync")
    delivery = finished_run(instance, daemon, "sigma_sync")
    log = (home / "daemon.log").read_text()

    assert load is not None, log
    assert load.status is dg.DagsterRunStatus.SUCCESS, log
    assert load.tags["dagster/schedule_name"] == "dbt_metadata_schedule"
    assert delivery is not None, log
    assert delivery.status is dg.DagsterRunStatus.SUCCESS, log
    assert delivery.tags["dagster/sensor_name"] == "sigma_sync_sensor"
    synced = [sync.path[-1] for sync in organization.syncs if sync.level == "table"]
    assert sorted(synced) == ["customers", "stg_orders"]
    with duckdb.connect(deployment.duckdb_path, read_only=True) as con:
        states = con.execute("SELECT state FROM dbt_metadata.sigma_table_syncs").fetchall()
    assert states == [("confirmed",)] * 2
    assert TOKEN not in log
    assert organization.client_secret not in log
