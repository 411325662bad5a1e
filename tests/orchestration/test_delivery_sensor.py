"""When the sensor asks for a delivery, read from the event log of a real Dagster instance."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import pytest

from sigma_dbt_sync.orchestration import clock
from sigma_dbt_sync.orchestration.delivery_sensor import sigma_sync_sensor
from sigma_dbt_sync.orchestration.event_log import report_metadata
from sigma_dbt_sync.orchestration.outstanding import CHANGES, SYNCS, Left, Ready, read_outstanding
from sigma_dbt_sync.orchestration.resources import SyncSettings

Status = dg.DagsterRunStatus


class Log:
    """An event log that a test writes, and a clock it moves."""

    def __init__(self, instance):
        self.instance = instance
        self.now = datetime.now(UTC) + timedelta(minutes=1)

    def loaded(self, ready, due_at=None):
        self._told(CHANGES, Ready(self.now, ready, due_at))

    def delivered(self, remaining=0, failed=0, *, status=Status.SUCCESS):
        """Let a delivery run end, and leave its report."""
        run = self.ran(status)
        self._told(SYNCS, Left(self.now, run.run_id, remaining, failed))

    def ran(self, status):
        """Let a delivery run be there, without a report."""
        run = dg.DagsterRun(job_name="sigma_sync", run_id=str(uuid4()), status=Status.STARTED)
        self.instance.add_run(run)
        if status is not Status.STARTED:
            kind = {
                Status.SUCCESS: dg.DagsterEventType.RUN_SUCCESS,
                Status.FAILURE: dg.DagsterEventType.RUN_FAILURE,
            }[status]
            self.instance.report_dagster_event(
                dg.DagsterEvent(kind.value, "sigma_sync", message="over"), run.run_id
            )
        return run

    def tick(self):
        context = dg.build_sensor_context(
            instance=self.instance, resources={"sync_settings": SyncSettings()}
        )
        return sigma_sync_sensor.evaluate_tick(context)

    def asks(self):
        return len(self.tick().run_requests) == 1

    def later(self, **duration):
        self.now += timedelta(**duration)

    def _told(self, asset, report):
        event = dg.AssetMaterialization(asset, metadata=report_metadata(report))
        self.instance.report_runless_asset_event(event)


@pytest.fixture
def log(environment):
    for name in ("API_HOST", "CLIENT_ID", "CLIENT_SECRET", "CONNECTION"):
        environment.setenv(f"SIGMA_{name}", "sigma.example.com")
    with dg.instance_for_test() as instance:
        log = Log(instance)
        environment.setattr(clock, "now", lambda: log.now)
        yield log


def test_without_sigma_a_tick_says_that_changes_are_recorded(log, environment):
    environment.delenv("SIGMA_CLIENT_SECRET")
    log.loaded(3)

    assert "recorded" in log.tick().skip_message


def test_nothing_waits_before_the_first_load_and_when_nothing_is_ready(log):
    assert not log.asks()
    log.loaded(0)
    assert not log.asks()


def test_a_load_that_found_changes_is_followed_by_a_delivery_at_once(log):
    log.loaded(2)

    assert log.asks()


def test_a_delivery_that_sent_everything_ends_it(log):
    log.loaded(2)
    log.later(minutes=1)
    log.delivered(remaining=0)

    assert not log.asks()


def test_a_load_that_finds_nothing_new_repeats_what_the_delivery_left(log):
    log.loaded(2)
    log.later(minutes=1)
    log.delivered(remaining=0)
    log.later(minutes=15)
    carried = read_outstanding(log.instance).carried(log.now)

    assert carried.tables == 0


def test_an_active_delivery_is_waited_for(log):
    log.loaded(2)
    run = log.ran(Status.STARTED)

    assert run.run_id in log.tick().skip_message


def test_a_failed_delivery_is_tried_again_after_growing_pauses(log):
    log.loaded(2)
    waited = []
    for _ in range(5):
        minutes = 0
        while not log.asks():
            log.later(minutes=1)
            minutes += 1
        waited.append(minutes)
        before = datetime.now(UTC)
        log.now = max(log.now, before)
        log.ran(Status.FAILURE)
        log.now = datetime.now(UTC)

    assert waited[0] == 0
    assert [round(minutes / 5) * 5 for minutes in waited[1:]] == [5, 15, 60, 60]


def test_every_attempt_has_a_run_key_of_its_own(log):
    """A key that was used once would make Dagster drop the request in silence."""
    log.loaded(2)
    keys = set()
    for _ in range(3):
        log.now = datetime.now(UTC) + timedelta(hours=2)
        (request,) = log.tick().run_requests
        (again,) = log.tick().run_requests
        assert request.run_key == again.run_key
        keys.add(request.run_key)
        log.ran(Status.FAILURE)

    assert len(keys) == 3


def test_a_crashed_delivery_leaves_no_report_and_is_tried_again(log):
    log.loaded(2)
    log.ran(Status.FAILURE)
    log.now = datetime.now(UTC) + timedelta(minutes=6)

    assert log.asks()


def test_tables_that_failed_for_good_are_tried_again_after_a_day(log):
    log.loaded(2)
    log.later(minutes=1)
    log.delivered(remaining=0, failed=2, status=Status.FAILURE)
    log.later(hours=23)
    assert not log.asks()

    log.later(hours=1)
    assert log.asks()


def test_new_changes_do_not_wait_because_other_tables_failed_for_good(log):
    log.loaded(2)
    log.delivered(remaining=0, failed=2, status=Status.FAILURE)
    log.later(minutes=1)
    log.loaded(1)

    assert log.asks()


def test_a_change_that_could_not_be_verified_is_sent_when_its_day_is_over(log):
    log.loaded(0, due_at=log.now + timedelta(hours=3))
    log.later(hours=2)
    assert not log.asks()

    log.later(hours=1)
    assert log.asks()
    log.delivered(remaining=0)
    assert not log.asks()
