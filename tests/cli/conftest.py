"""The real command line in a folder of its own: the demo account, a DuckDB file, an archive."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sigma_dbt_sync.cli import app
from sigma_dbt_sync.demo import sigma_story
from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.serve import running, serving
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings

PROGRAM = Path(sys.executable).with_name("sigma-dbt-sync")
OURS = {name.upper() for name in Settings.model_fields} | {"DAGSTER_HOME"}
NOW = datetime.now(UTC)


def clean_environment(**variables) -> dict[str, str]:
    """Leave out every setting of the machine the tests run on."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | variables


@pytest.fixture
def run():
    """Run a command in this process; a bug, as opposed to an error of ours, fails the test."""

    def run_command(*args, answers: str | None = None):
        result = CliRunner().invoke(app, [str(arg) for arg in args], input=answers)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run_command


@pytest.fixture
def run_json(run):
    """Run a command with --json and read what it says."""

    def run_command(*args):
        result = run(*args, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run_command


@pytest.fixture
def program():
    """Start the program as a process, and end what a test leaves running."""
    with ExitStack() as started:

        def start(*args, **variables) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [PROGRAM, *map(str, args)],
                env=clean_environment(**variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield start


@pytest.fixture
def run_program(program):
    """Run the program as a process until it ends."""

    def run_until_it_ends(*args, **variables) -> subprocess.CompletedProcess[str]:
        process = program(*args, **variables)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    return run_until_it_ends


@pytest.fixture(scope="session")
def dbt_cloud():
    """Serve the demo account."""
    with running(Account(read_story(), anchor=NOW)) as server:
        yield server


@pytest.fixture
def organization():
    """Make the Sigma of the demo account, its limit on tokens lifted."""
    made = sigma_story.organization(Account(read_story(), anchor=NOW), lambda: NOW)
    made.seconds_between_tokens = 0
    return made


@pytest.fixture
def sigma_settings(organization):
    """Serve that Sigma, and name the settings that reach it."""
    with serving(sigma(organization)) as server:
        yield sigma_story.sigma_settings(organization, server.url)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Stand in an empty folder, with no setting set."""
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def synced_data(tmp_path_factory):
    """Sync the demo account once for all tests."""
    place = tmp_path_factory.mktemp("synced")
    done = subprocess.run(
        [PROGRAM, "sync", "--json"],
        check=False,
        cwd=place,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return place / "data"


@pytest.fixture
def synced(synced_data, folder):
    """Stand in a folder that holds a synced demo account, free to be changed."""
    shutil.copytree(synced_data, folder / "data")
    return folder
