"""What every command keeps to."""

import pytest

from sigma_dbt_sync import __version__

COMMANDS = ["configure", "check", "sync", "show", "remove", "demo"]


def test_the_program_says_its_version(run_program):
    assert run_program("--version").stdout == f"sigma-dbt-sync {__version__}\n"


def test_help_names_every_command_and_the_exit_codes(run):
    shown = run("--help").output

    assert [command for command in COMMANDS if command not in shown] == []
    assert "0 done, 1 failed, 2 wrong use" in shown


@pytest.mark.parametrize("command", [*COMMANDS, "demo serve"])
def test_every_command_explains_itself(command, run):
    shown = run(*command.split(), "--help")

    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_a_command_nobody_has_is_wrong_use(run):
    assert run("synchronise").exit_code == 2


def test_a_warehouse_this_version_has_not_is_a_configuration_error(monkeypatch, run):
    monkeypatch.setenv("WAREHOUSE", "oracle")
    done = run("show", "customers")

    assert done.exit_code == 2
    assert "WAREHOUSE" in done.stderr
