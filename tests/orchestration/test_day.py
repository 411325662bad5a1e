"""A day of the schedule, compressed: a real daemon ticks while dbt Cloud's story goes on.

What is shortened is the wait between two ticks (`turned_daemon.py`). dbt's runs are dated along the
scheduler's clock, which begins eight hours ago, so that the day has ended when the test does.

Five ticks belong to every test run. Thirty take some seven minutes and are opt-in:

    make test WORKERS= ARGS="-m day --log-cli-level=INFO"
"""

import logging
import os
import signal
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import TickStatus

from sigma_dbt_sync.demo.company import PRODUCTION
from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.demo.plot import RUNNING
from tests.dagster_home import event_log_size, opened_home, runs
from tests.orchestration import dbt_story
from tests.orchestration.conftest import clear, deployed
from tests.orchestration.day import DEADLINE, SCHEDULE, Day, is_tried_again
from tests.orchestration.dbt_story import EVERY, log_of
from tests.processes import ROOT, wait_until

LOG = logging.getLogger(__name__)
DAY = timedelta(hours=8)
KINDS = ("builds", "checks", "freshness")
NO_ANSWER = Fault("/api/", status=503, times=1_000_000)
BAD_TOKEN = Fault("/api/", status=401, times=1_000_000)


@dataclass
class Story:
    """Which tick (from 0) meets what, besides the turns of `dbt_story`."""

    ticks: int
    late: int  # a run ends whose artifacts come two ticks later
    long: int  # a run goes on for two ticks
    restart: int  # the daemon is started again before this tick
    refused: int  # dbt Cloud does not know the token
    silent: int | None = None  # dbt Cloud does not answer; a tick later the machine goes down


SHORT = Story(ticks=5, late=0, long=1, restart=2, refused=3)
LONG = Story(ticks=30, late=5, long=9, restart=13, refused=17, silent=21)


def played(story, folder, patch, stack):
    """Play a story; give the day when it is over."""
    clear(patch, folder)
    home = folder / "dagster_home"
    anchor = (datetime.now(UTC) - DAY).replace(minute=7, second=0)
    deployment = stack.enter_context(
        deployed(folder, patch, anchor=anchor, dagster=opened_home(home))
    )
    patch.setenv("PYTHONPATH", str(ROOT))
    day = Day(deployment, home, stack.enter_context(ExitStack()))
    day.turn(anchor)
    day.start()
    wait_until(
        lambda: any(state.name == SCHEDULE for state in day.instance.all_instigator_state()),
        DEADLINE,
        otherwise=day.log.read_text,
    )
    for number in range(story.ticks):
        _play(day, story, number)
    day.stack.close()
    return day


def _play(day, story, number):
    """Let happen what belongs before a tick, then the tick."""
    account, faults = day.deployment.account, day.deployment.server.faults
    now = dbt_story.play(account, number)
    _add_runs(account, story, number, now)
    if number == story.restart:
        day.start()
    if number == story.silent:
        faults.append(NO_ANSWER)
        _go_down(day, now)
    elif story.silent is None or number != story.silent + 1:  # then the machine was down
        faults += [BAD_TOKEN] if number == story.refused else []
        _tick(day, number, now)
    faults.clear()


def _add_runs(account, story, number, now):
    """Let runs end late, and artifacts arrive late."""
    if number == story.late:
        run = account.add_run("hourly", created_at=now - EVERY / 2)
        account.hide_artifacts(run.id)
    if number == story.long:
        account.add_run("hourly", created_at=now - EVERY / 2, status=RUNNING)
    for run in account.runs.values():
        if number == story.late + 2:
            account.show_artifacts(run.id)
        if number == story.long + 2 and run.status == RUNNING:
            account.finish(run.id)


def _tick(day, number, now):
    """Let the schedule tick, and say what came of it."""
    began, before, known = time.monotonic(), event_log_size(day.home), log_of(day.instance)
    is_refused = bool(day.deployment.server.faults)
    run = day.run_of(day.tick(now))
    if is_refused:
        day.lost.append(run.run_id)
        assert run.status is dg.DagsterRunStatus.FAILURE
    else:
        assert run.status is dg.DagsterRunStatus.SUCCESS, day.log.read_text()
        _assert_told(day)
    log, after = log_of(day.instance), event_log_size(day.home)
    LOG.info(
        "tick %d: %s, %d builds, %d checks, %d source checks; %.1f s; event log + %d rows, %d KB",
        number + 1,
        run.status.value,
        *(len(log[kind]) - len(known[kind]) for kind in KINDS),
        time.monotonic() - began,
        after[0] - before[0],
        (after[1] - before[1]) // 1024,
    )


def _go_down(day, now):
    """Cut a sync off that still tries, as a power cut does, once the next tick waits for it."""
    (run_id,) = day.tick(now).run_ids
    wait_until(
        lambda: day.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.STARTED,
        DEADLINE,
        otherwise=day.log.read_text,
    )
    waited = day.tick(now + EVERY)
    assert waited.status is TickStatus.SKIPPED
    assert run_id in waited.skip_reason
    os.killpg(day.process.pid, signal.SIGKILL)
    day.lost.append(run_id)
    day.skipped += 1
    day.start()


def _assert_told(day):
    """Dagster knows the latest of everything, as the warehouse does."""
    log, since = log_of(day.instance), datetime.now(UTC) - timedelta(hours=23)
    in_warehouse, in_dagster = dbt_story.builds(day.deployment, log, since)
    assert in_dagster == in_warehouse != {}
    in_warehouse, in_dagster = dbt_story.verdicts(day.deployment, log, since)
    assert in_dagster == in_warehouse != {}


def _assert_day(day, story):
    log, ticks = log_of(day.instance), day.ticks()
    known = day.deployment.query(
        f"SELECT run_id, feeds_state AND environment_id = {PRODUCTION.id} FROM dbt_runs"
    )
    feeding = {str(run_id) for run_id, feeds in known if feeds}
    failed = [
        run.run_id
        for run in runs(day.instance, dg.DagsterRunStatus.FAILURE)
        if not is_tried_again(run)
    ]
    LOG.info(
        "%d ticks, %d dbt runs, %d of them feed state; told: %d builds, %d checks, %d source "
        "checks, of %d dbt runs; event log: %d rows, %d bytes",
        len(ticks),
        len(known),
        len(feeding),
        *(len(log[kind]) for kind in KINDS),
        len(dbt_story.runs_told(log)),
        *event_log_size(day.home),
    )

    assert Counter(tick.status for tick in ticks) == Counter(
        {
            TickStatus.SUCCESS: story.ticks - day.skipped,
            TickStatus.SKIPPED: day.skipped,
        }
    )
    assert sorted(failed) == sorted(day.lost)
    assert dbt_story.told_more_than_once(log) == []
    assert dbt_story.runs_told(log) <= feeding < {str(run_id) for run_id, _ in known}
    assert all(log.values())


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Leave out what Dagster's storage says whenever it opens a file."""
    caplog.set_level(logging.WARNING, logger="alembic")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_result_is_told_once_by_five_ticks_of_the_daemon(tmp_path, monkeypatch):
    with ExitStack() as stack:
        _assert_day(played(SHORT, tmp_path, monkeypatch, stack), SHORT)


@pytest.mark.day
@pytest.mark.timeout(3600)
def test_each_result_is_told_once_on_a_day_of_thirty_ticks(request, tmp_path, monkeypatch):
    if "day" not in request.config.option.markexpr:
        pytest.skip("opt-in: -m day; thirty ticks take some seven minutes")
    with ExitStack() as stack:
        _assert_day(played(LONG, tmp_path, monkeypatch, stack), LONG)
