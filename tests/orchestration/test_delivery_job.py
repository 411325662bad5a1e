"""The job `sigma_sync` on the demo account: from the load's event to Sigma and back."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import stamina

from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.orchestration import clock
from sigma_dbt_sync.orchestration.delivery_sensor import sigma_sync_sensor
from sigma_dbt_sync.orchestration.outstanding import read_outstanding
from sigma_dbt_sync.orchestration.resources import SyncSettings

CHANGED = ["shop.analytics.customers", "shop.analytics.stg_orders"]


def deliver(deployment):
    from sigma_dbt_sync.definitions import defs

    job = defs.resolve_job_def("sigma_sync")
    return job.execute_in_process(instance=deployment.instance, raise_on_error=False)


def tick(deployment):
    context = dg.build_sensor_context(
        instance=deployment.instance, resources={"sync_settings": SyncSettings()}
    )
    return sigma_sync_sensor.evaluate_tick(context)


def asks(deployment):
    return len(tick(deployment).run_requests) == 1


def metadata(result):
    (event,) = result.get_asset_materialization_events()
    return {
        name: entry.records if isinstance(entry, dg.TableMetadataValue) else entry.value
        for name, entry in event.materialization.metadata.items()
    }


def synced(organization):
    return sorted(".".join(sync.path) for sync in organization.syncs if sync.level == "table")


@pytest.mark.usefixtures("sigma_server")
def test_a_load_leaves_what_is_ready_and_a_delivery_what_remains(deployment, organization):
    assert not asks(deployment)
    deployment.sync()
    assert read_outstanding(deployment.instance).tables == 2
    assert asks(deployment)

    result = deliver(deployment)
    told = metadata(result)
    assert result.success
    assert (told["tables_synced"], told["remaining"]) == (2, 0)
    assert sorted(record.data["table"] for record in told["tables"]) == CHANGED
    assert {record.data["state"] for record in told["tables"]} == {"confirmed"}
    assert synced(organization) == CHANGED
    assert not asks(deployment)

    deployment.sync()
    assert not asks(deployment)


def test_a_sigma_that_is_down_fails_the_run_and_is_tried_again(
    deployment, organization, sigma_server
):
    deployment.sync()
    sigma_server.faults.append(Fault("/", status=503, times=10_000))
    with stamina.set_testing(testing=True, attempts=1):
        result = deliver(deployment)
    (failure,) = [e for e in result.all_events if e.is_step_failure]

    assert not result.success
    assert "Sigma" in failure.step_failure_data.user_failure_data.description
    assert read_outstanding(deployment.instance).tables == 2

    sigma_server.faults.clear()
    assert deliver(deployment).success
    assert synced(organization) == CHANGED


def test_tables_that_could_not_be_synced_fail_the_run_by_name(
    deployment, organization, sigma_server
):
    deployment.sync()
    body = b'{"requestId": "r1", "message": "Forbidden", "code": "forbidden"}'
    sigma_server.faults.append(Fault("stg_orders|/sync", status=403, body=body, times=1))
    result = deliver(deployment)
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    told = failure.step_failure_data.user_failure_data.description

    assert not result.success
    assert "1 of 2 tables" in told
    assert metadata(result)["tables_failed"] == 1
    assert len(synced(organization)) == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_three_days_of_ticks_without_sigma_and_then_everything_is_sent(
    deployment, organization, sigma_server, environment
):
    """Every tick is the sensor's; dbt Cloud has no new run in all that time."""
    began = datetime.now(UTC)
    now = began
    environment.setattr(clock, "now", lambda: now)
    deployment.sync()
    sigma_server.faults.append(Fault("/", status=503, times=10_000))
    keys = []
    with stamina.set_testing(testing=True, attempts=1):
        while now < began + timedelta(days=3):
            now += timedelta(hours=6)
            (request,) = tick(deployment).run_requests
            keys.append(request.run_key)
            assert not deliver(deployment).success
    sigma_server.faults.clear()
    now += timedelta(hours=6)
    assert asks(deployment)
    assert deliver(deployment).success

    assert len(keys) == len(set(keys)) == 12
    assert synced(organization) == CHANGED
    assert not asks(deployment)
