"""What dies in the middle of a sync takes its run with it; what is started then knows."""

import os
import signal
from contextlib import ExitStack
from datetime import UTC, datetime

import dagster as dg
import pytest
import yaml

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.story import read_story
from tests.dagster_home import daemon, opened_home, runs
from tests.deploy.services import BIN, moved, on_path
from tests.processes import ROOT, free_port, running, wait_until

COMPOSE = ROOT / "docs" / "deploy" / "compose"
STEP_WITHIN = 300.0
SLOW = 20.0
"""Seconds that dbt Cloud takes for an answer: long enough to be cut off."""


@pytest.fixture
def home(tmp_path):
    return tmp_path / "dagster_home"


@pytest.fixture
def instance(home):
    with opened_home(home) as opened:
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


@pytest.fixture
def slow(tmp_path, home, bare, dbt_cloud, slow_dbt_cloud):
    """Give an environment in which a sync takes long enough to be cut off."""
    return on_path(
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


def cut_off(instance, started, again, log):
    """Kill a program in the middle of a sync, and start it again; give that sync and the next."""

    def at_work():
        begun = runs(instance, dg.DagsterRunStatus.STARTED)
        step = dg.DagsterEventType.STEP_START
        return [run for run in begun if instance.all_logs(run.run_id, of_type=step)]

    with started as first:
        wait_until(at_work, STEP_WITHIN, otherwise=log.read_text)
        (run,) = at_work()
        os.killpg(first.pid, signal.SIGKILL)
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED
    with again:
        wait_until(
            lambda: runs(instance, dg.DagsterRunStatus.SUCCESS),
            STEP_WITHIN,
            otherwise=log.read_text,
        )
    return instance.get_run_by_id(run.run_id), runs(instance, dg.DagsterRunStatus.SUCCESS)[-1]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_after_a_code_server_died_the_schedule_goes_on(tmp_path, home, instance, slow, dbt_cloud):
    port, log = free_port(), tmp_path / "log"
    places = [("host: code-server", "host: 127.0.0.1"), ("4000", str(port))]
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text(moved((COMPOSE / "workspace.yaml").read_text(), places))
    with ExitStack() as stack:
        stack.enter_context(daemon(home, slow, log, workspace=workspace, cwd=tmp_path))
        dead, done = cut_off(
            instance,
            running(code_server(port), slow, log, cwd=tmp_path),
            running(code_server(port), {**slow, **dbt_cloud}, log, cwd=tmp_path),
            log,
        )

    assert dead.status is dg.DagsterRunStatus.FAILURE, log.read_text()
    assert f"Run {dead.run_id} was left behind" in log.read_text()
    assert done.run_id != dead.run_id


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_after_dagster_dev_died_the_schedule_goes_on(tmp_path, instance, slow, dbt_cloud):
    log = tmp_path / "log"
    command = [BIN / "dagster", "dev", "-w", "workspace.yaml", "--port", free_port()]
    dead, done = cut_off(
        instance,
        running(command, slow, log, cwd=ROOT),
        running(command, {**slow, **dbt_cloud}, log, cwd=ROOT),
        log,
    )

    assert dead.status is dg.DagsterRunStatus.FAILURE, log.read_text()
    assert f"Run {dead.run_id} died with its code server" in log.read_text()
    assert done.run_id != dead.run_id


def process_of(instance):
    """Give a run that has begun, and the id of its process."""
    for run in runs(instance, dg.DagsterRunStatus.STARTED):
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            told = entry.dagster_event.event_specific_data.metadata
            if entry.dagster_event.message.startswith("Executing steps in process"):
                return run.run_id, int(told["pid"].value)
    return None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_whose_process_died_is_ended_by_its_code_server(tmp_path, home, instance, slow):
    log = tmp_path / "log"
    with daemon(home, slow, log):
        wait_until(lambda: process_of(instance), STEP_WITHIN, otherwise=log.read_text)
        run_id, pid = process_of(instance)
        os.kill(pid, signal.SIGKILL)
        wait_until(
            lambda: instance.get_run_by_id(run_id).is_finished, STEP_WITHIN, otherwise=log.read_text
        )

    assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE
    said = [entry.message for entry in instance.all_logs(run_id)]
    assert any(f"Run execution process for {run_id}" in message for message in said)
