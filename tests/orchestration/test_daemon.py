"""The whole thing as it is deployed: dagster-daemon, workspace.yaml, a schedule, a sensor, runs."""

import os

import dagster as dg
import duckdb
import pytest

from sigma_dbt_sync.demo.account import TOKEN
from tests.dagster_home import daemon, opened_home, runs
from tests.processes import wait_until

STEP_WITHIN = 400.0


@pytest.fixture
def home(tmp_path):
    return tmp_path / "dagster_home"


@pytest.fixture
def instance(home):
    with opened_home(home) as instance:
        yield instance


@pytest.mark.slow
@pytest.mark.timeout(3 * STEP_WITHIN)
def test_a_tick_loads_and_sigma_is_told_of_it_with_no_hands(
    deployment, organization, sigma_server, home, instance
):
    log = home / "daemon.log"

    def succeeded(job):
        assert process.poll() is None, log.read_text()
        return runs(instance, dg.DagsterRunStatus.SUCCESS, job=job)

    with daemon(home, {**os.environ, "SYNC_CRON": "* * * * *"}, log) as process:
        for job in ("dbt_metadata_sync", "sigma_sync"):
            wait_until(lambda job=job: succeeded(job), STEP_WITHIN, otherwise=log.read_text)
        load, delivery = succeeded("dbt_metadata_sync")[-1], succeeded("sigma_sync")[-1]

    assert load.tags["dagster/schedule_name"] == "dbt_metadata_schedule"
    assert delivery.tags["dagster/sensor_name"] == "sigma_sync_sensor"
    synced = [sync.path[-1] for sync in organization.syncs if sync.level == "table"]
    assert sorted(synced) == ["customers", "stg_orders"]
    with duckdb.connect(deployment.duckdb_path, read_only=True) as con:
        states = con.execute("SELECT state FROM dbt_metadata.sigma_table_syncs").fetchall()
    assert states == [("confirmed",)] * 2
    assert TOKEN not in log.read_text()
    assert organization.client_secret not in log.read_text()
