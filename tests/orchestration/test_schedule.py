"""When the schedule asks for a sync, and when it says why not."""

from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.orchestration.schedules import metadata_schedule

Status = dg.DagsterRunStatus


@pytest.fixture
def instance():
    with dg.instance_for_test() as instance:
        yield instance


def tick(instance):
    context = dg.build_schedule_context(
        instance=instance, resources={"sync_settings": SyncSettings()}
    )
    return metadata_schedule("*/15 * * * *", "UTC").evaluate_tick(context)


def add_run(instance, status, job_name="dbt_metadata_sync"):
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")
    run = dg.DagsterRun(
        job_name=job_name,
        run_id=str(uuid4()),
        status=status,
        remote_job_origin=repository.get_job_origin(job_name),
    )
    instance.add_run(run)
    return run


def test_without_a_token_a_tick_says_how_to_set_one(environment, instance):
    asked = tick(instance)

    assert asked.run_requests == []
    assert "sigma-dbt-sync configure" in asked.skip_message


def test_a_tick_asks_for_one_run(environment, instance):
    environment.setenv("DBT_CLOUD_SERVICE_TOKEN", "dbtc_any")
    add_run(instance, Status.SUCCESS)
    add_run(instance, Status.FAILURE)
    add_run(instance, Status.STARTED, job_name="another_job")

    assert len(tick(instance).run_requests) == 1


@pytest.mark.parametrize("status", [Status.QUEUED, Status.STARTING, Status.STARTED])
def test_a_tick_waits_for_the_run_before(environment, instance, status):
    environment.setenv("DBT_CLOUD_SERVICE_TOKEN", "dbtc_any")
    run = add_run(instance, status)
    asked = tick(instance)

    assert asked.run_requests == []
    assert run.run_id in asked.skip_message
    assert status.value.lower() in asked.skip_message


def test_cron_and_time_zone_are_settings():
    schedule = metadata_schedule("5 6 * * *", "Europe/Berlin")

    assert (schedule.cron_schedule, schedule.execution_timezone) == ("5 6 * * *", "Europe/Berlin")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
