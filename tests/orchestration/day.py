"""A deployment whose real daemon goes by a clock that a test turns, tick by tick."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from dagster._core.scheduler.instigation import TickStatus

from tests.dagster_home import OVER, daemon
from tests.orchestration.dbt_story import EVERY
from tests.processes import wait_until

DAEMON = (sys.executable, "-m", "tests.orchestration.turned_daemon")
SCHEDULE = "dbt_metadata_schedule"
DEADLINE = 300.0


@dataclass
class Day:
    """A deployment whose daemon goes by a clock that `tick` turns."""

    deployment: object
    home: Path
    stack: ExitStack
    lost: list[str] = field(default_factory=list)  # runs that are to fail
    skipped: int = 0  # ticks that are to ask for none
    process: object = None

    @property
    def instance(self):
        return self.deployment.instance

    @property
    def log(self):
        return self.home / "daemon.log"

    def start(self):
        """Start a daemon, and end the one before as a service manager does."""
        self.stack.close()
        self.process = self.stack.enter_context(
            daemon(self.home, os.environ, self.log, command=(*DAEMON, self.home / "clock"))
        )

    def turn(self, to):
        """Turn the scheduler's clock; it never reads half a time."""
        draft = self.home / "clock.draft"
        draft.write_text(to.isoformat())
        draft.replace(self.home / "clock")

    def ticks(self):
        """Give the ticks of the schedule, oldest first."""
        states = [state for state in self.instance.all_instigator_state() if state.name == SCHEDULE]
        return [
            tick
            for state in states
            for tick in self.instance.get_ticks(state.instigator_origin_id, state.selector_id)
        ][::-1]

    def tick(self, now):
        """Turn the clock to a tick; give it once Dagster has decided what comes of it."""
        self.turn(now)
        at = now.timestamp()

        def decided():
            assert self.process.poll() is None, self.log.read_text()
            return [
                tick
                for tick in self.ticks()
                if at - EVERY.total_seconds() < tick.timestamp <= at
                and tick.status is not TickStatus.STARTED
            ]

        wait_until(decided, DEADLINE, otherwise=self.log.read_text)
        return decided()[0]

    def run_of(self, tick):
        """Wait until what a tick asked for is over; a run that did not start is started again."""
        (run_id,) = tick.run_ids

        def last():
            again = dg.RunsFilter(tags={"dagster/root_run_id": run_id})
            return [*self.instance.get_runs(again), self.instance.get_run_by_id(run_id)][0]

        wait_until(
            lambda: last().status in OVER and not is_tried_again(last()),
            DEADLINE,
            otherwise=self.log.read_text,
        )
        return last()


def is_tried_again(run):
    """Whether the daemon starts another run for one that failed: one whose process died."""
    return run.tags.get("dagster/will_retry") == "true"
