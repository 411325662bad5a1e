"""`demo serve`, alone and around a command: settings in, exit code out, nothing left behind."""

import os
import signal
import sys
import time

import pytest

PYTHON = sys.executable
WAITING = "import time; print('started', flush=True); time.sleep(60)"


def is_gone(pid: int) -> bool:
    """Whether no process of the group is left."""
    for _ in range(50):
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_command_finds_the_demo_account_in_its_settings(run_program):
    code = (
        "import os, urllib.request as r\n"
        "q = r.Request(os.environ['DBT_CLOUD_API_HOST'] + '/api/v3/accounts/')\n"
        "q.add_header('Authorization', 'Token ' + os.environ['DBT_CLOUD_SERVICE_TOKEN'])\n"
        "print(os.environ['DBT_CLOUD_ACCOUNT_ID'] in r.urlopen(q).read().decode())"
    )
    done = run_program("demo", "serve", "--", PYTHON, "-c", code)

    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_a_command_finds_its_sigma_in_its_settings(run_program):
    code = (
        "from sigma_dbt_sync.settings import load_settings\n"
        "from sigma_dbt_sync.sigma import open_sigma\n"
        "with open_sigma(settings := load_settings()) as client:\n"
        "    print(client.connection(settings.sigma_connection).name)"
    )
    done = run_program("demo", "serve", "--", PYTHON, "-c", code, SIGMA_API_HOST="https://a.test")

    assert (done.returncode, done.stdout) == (0, "Demo warehouse\n"), done.stderr


def test_the_command_decides_the_exit_code(run_program):
    done = run_program("demo", "serve", "--", PYTHON, "-c", "raise SystemExit(7)")

    assert done.returncode == 7


def test_with_a_token_configured_the_command_gets_that_account(run_program):
    code = "import os; print(os.environ.get('DBT_CLOUD_API_HOST'))"
    done = run_program("demo", "serve", "--", PYTHON, "-c", code, DBT_CLOUD_SERVICE_TOKEN="t")

    assert done.stdout == "None\n"


def test_a_command_that_is_not_there_is_wrong_use(run_program):
    done = run_program("demo", "serve", "--", "no-such-program")

    assert done.returncode == 2
    assert "no-such-program" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_leaves_nothing_behind(number, program):
    process = program("demo", "serve", "--", PYTHON, "-c", WAITING)
    assert process.stdout.readline() == "started\n"
    process.send_signal(number)
    code = process.wait(timeout=20)

    assert code != 0
    assert is_gone(process.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_alone_it_prints_the_settings_and_ends_cleanly(number, program):
    process = program("demo", "serve")
    lines = [process.stdout.readline() for _ in range(7)]
    process.send_signal(number)
    code = process.wait(timeout=20)

    names = [line.removeprefix("export ").partition("=")[0] for line in lines]
    assert names == [
        "DBT_CLOUD_API_HOST",
        "DBT_CLOUD_SERVICE_TOKEN",
        "DBT_CLOUD_ACCOUNT_ID",
        "SIGMA_API_HOST",
        "SIGMA_CLIENT_ID",
        "SIGMA_CLIENT_SECRET",
        "SIGMA_CONNECTION",
    ]
    assert code == 0
    assert is_gone(process.pid)


def test_a_port_in_use_is_said_so(run_program, program):
    process = program("demo", "serve")
    port = process.stdout.readline().strip().rsplit(":", 1)[-1]
    second = run_program("demo", "serve", "--port", port)
    process.terminate()

    assert second.returncode == 2
    assert port in second.stderr
