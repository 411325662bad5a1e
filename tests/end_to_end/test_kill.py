"""SIGKILL at any moment loses at most the batch in flight, and the next sync makes up for it."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN

COMMAND = (sys.executable, "-c", "from sigma_dbt_sync.cli import app; app()", "sync", "--json")
KILLS = 10


def start(deployment, folder, url):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "SYNC_"))
    }
    environment |= {
        "DBT_CLOUD_API_HOST": url,
        "DBT_CLOUD_SERVICE_TOKEN": TOKEN,
        "DBT_CLOUD_ACCOUNT_ID": str(ACCOUNT_ID),
        "DBT_CLOUD_HISTORY_DAYS": "365",
        "DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        "ARCHIVE_URL": str(folder / "archive"),
    }
    return subprocess.Popen(
        COMMAND,
        cwd=deployment.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process):
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    return output


@pytest.mark.timeout(240)
def test_ten_kills_at_random_moments_end_in_the_same_tables(deployment):
    moments = random.Random(20261123)
    undisturbed, killed = deployment.folder / "undisturbed", deployment.folder / "killed"
    with serve.running(deployment.account, latency=0.02) as slow:
        began = time.monotonic()
        finish(start(deployment, undisturbed, slow.url))
        whole = time.monotonic() - began
        deaths = 0
        while deaths < KILLS:
            process = start(deployment, killed, slow.url)
            time.sleep(whole * moments.uniform(0.1, 0.9))
            if process.poll() is None:
                deaths += 1
                os.killpg(process.pid, signal.SIGKILL)
            else:  # it was faster: give the next ones something to do
                (killed / "warehouse.duckdb").unlink()
            process.communicate(timeout=60)
        finish(start(deployment, killed, slow.url))
    assert deployment.contents(killed / "warehouse.duckdb") == deployment.contents(
        undisturbed / "warehouse.duckdb"
    )


@pytest.mark.timeout(120)
def test_two_syncs_at_once_double_nothing(deployment):
    alone, both = deployment.folder / "alone", deployment.folder / "both"
    finish(start(deployment, alone, deployment.server.url))
    processes = [start(deployment, both, deployment.server.url) for _ in range(2)]
    for process in processes:
        finish(process)
    assert deployment.contents(both / "warehouse.duckdb") == deployment.contents(
        alone / "warehouse.duckdb"
    )
