"""Options of the suite: golden files written anew, more damage and mixtures than usual."""

import atexit
import os

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--write-golden", action="store_true", help="write golden files instead of comparing"
    )
    parser.addoption("--mutations", type=int, default=300, help="how many artifacts to damage")
    parser.addoption("--mixtures", type=int, default=2, help="how often to mix real runs")


@pytest.fixture(scope="session")
def snowflake_account():
    """A Snowflake on this machine, in a process of its own."""
    from tests.snowflake.account import running

    with running() as account:
        yield account


def pytest_unconfigure():
    """Let the last line be pytest's own.

    While Python shuts down, DuckDB's binding lists every object of its own that something still
    refers to. That says nothing about a test.
    """
    atexit.register(os.dup2, os.open(os.devnull, os.O_WRONLY), 2)
