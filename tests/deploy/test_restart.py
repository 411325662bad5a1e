"""A code server that dies in the middle of a sync takes its run with it; the next one knows."""

import os
import shutil
import signal
from datetime import UTC, datetime

import dagster as dg
import pytest
import yaml

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.orchestration.left_behind import end_runs_left_behind
from tests.deploy.services import BIN, moved, on_path
from tests.processes import ROOT, free_port, running, wait_until

COMPOSE = ROOT / "docs" / "deploy" / "compose"
STEP_WITHIN = 300.0
SLOW = 20.0
"""Seconds that dbt Cloud takes for an answer: long enough to be cut off."""


def runs(instance, *statuses):
    return instance.get_runs(dg.RunsFilter(statuses=statuses))


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "dagster_home"
    folder.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder)
    return folder


@pytest.fixture
def instance(home):
    """Open the home before the daemon does: two processes must not create its storage at once."""
    with dg.DagsterInstance.from_config(str(home)) as opened:
        opened.get_runs(limit=1)
        opened.all_instigator_state()
        opened.get_latest_materialization_event(dg.AssetKey("dbt_models"))
        yield opened


@pytest.fixture
def slow_dbt_cloud():
    """Serve the demo account, slowly."""
    account = Account(read_story(), anchor=datetime.now(UTC))
    with serve.running(account, latency=SLOW) as server:
        yield server.url


def code_server(port):
    """Give the command of the code server's container."""
    text = (COMPOSE / "compose.yaml").read_text()
    places = [("--port=4000", f"--port={port}"), ("--host=0.0.0.0", "--host=127.0.0.1")]
    return yaml.safe_load(moved(text, places))["services"]["code-server"]["command"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_after_a_restart_that_cut_a_sync_off_the_schedule_goes_on(
    tmp_path, home, instance, bare, dbt_cloud, slow_dbt_cloud
):
    port = free_port()
    places = [("host: code-server", "host: 127.0.0.1"), ("4000", str(port))]
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text(moved((COMPOSE / "workspace.yaml").read_text(), places))
    slow = on_path(
        {
            **bare,
            **dbt_cloud,
            "DAGSTER_HOME": str(home),
            "DBT_CLOUD_API_HOST": slow_dbt_cloud,
            "DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
            "ARCHIVE_URL": str(tmp_path / "archive"),
            "SYNC_CRON": "* * * * *",
        }
    )
    quick = {**slow, **dbt_cloud}
    code_log, daemon_log = tmp_path / "code.log", tmp_path / "daemon.log"
    daemon = [BIN / "dagster-daemon", "run", "-w", workspace]

    def logs():
        return code_log.read_text() + daemon_log.read_text()

    with running(daemon, slow, daemon_log, cwd=tmp_path):
        with running(code_server(port), slow, code_log, cwd=tmp_path) as first:
            wait_until(
                lambda: runs(instance, dg.DagsterRunStatus.STARTED), STEP_WITHIN, otherwise=logs
            )
            (cut_off,) = runs(instance, dg.DagsterRunStatus.STARTED)
            os.killpg(first.pid, signal.SIGKILL)
        with running(code_server(port), quick, code_log, cwd=tmp_path):
            wait_until(
                lambda: runs(instance, dg.DagsterRunStatus.SUCCESS), STEP_WITHIN, otherwise=logs
            )
            done = runs(instance, dg.DagsterRunStatus.SUCCESS)[-1]
            ended = instance.get_run_by_id(cut_off.run_id)

    assert ended.status is dg.DagsterRunStatus.FAILURE, logs()
    assert f"Run {cut_off.run_id} was left behind" in code_log.read_text()
    assert done.run_id != cut_off.run_id


def test_runs_of_other_locations_are_left_alone(instance):
    run = instance.create_run_for_job(
        dg.GraphDefinition(name="theirs").to_job(), status=dg.DagsterRunStatus.STARTED
    )

    assert end_runs_left_behind(instance) == []
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED
