"""A failed run reaches people: a real sensor, a real Apprise, a webhook on this machine."""

import logging

import dagster as dg
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.orchestration.sensors import failed_runs
from sigma_dbt_sync.settings import load_settings

# a module that one of Apprise's services needs, of Python's own
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOWHERE = "json://127.0.0.1:9/hook"


@pytest.fixture
def webhook():
    """Stand in for a webhook: keeps every message, and may answer with an error."""
    told, status = [], [200]

    async def hook(request):
        told.append(await request.json())
        return JSONResponse({}, status_code=status[0])

    with serve.serving(Starlette(routes=[Route("/hook", hook, methods=["POST"])])) as server:
        yield server.url.replace("http://", "json://") + "/hook", told, status


@pytest.fixture
def ran(environment):
    """Run a job named as ours, and let the sensor see it fail; None lets it work."""
    with dg.instance_for_test() as instance:

        def run(says: str | None) -> None:
            @dg.op
            def step():
                if says:
                    raise dg.Failure(says)

            @dg.job(name="dbt_metadata_sync")
            def job():
                step()

            done = job.execute_in_process(instance=instance, raise_on_error=False)
            if says:
                (failure,) = [event for event in done.all_events if event.is_run_failure]
                context = dg.build_run_status_sensor_context(
                    sensor_name="failed_runs",
                    dagster_event=failure,
                    dagster_instance=instance,
                    dagster_run=done.dagster_run,
                    resources={"sync_settings": SyncSettings()},
                )
                context._logger = logging.getLogger("sensor")
                with context:
                    failed_runs(context.for_run_failure())

        yield run


def test_a_failure_says_what_failed_why_and_where_to_look(ran, webhook, environment):
    address, told, _ = webhook
    environment.setenv("ALERT_URLS", address)
    environment.setenv("DAGSTER_WEBSERVER_URL", "https://dagster.shop.example/")
    ran("dbt Cloud answered 401.")
    (message,) = told

    assert message["title"] == "dbt_metadata_sync failed"
    assert message["message"].startswith("dbt Cloud answered 401.")
    assert "https://dagster.shop.example/runs/" in message["message"]


def test_what_fails_again_for_the_same_reason_is_told_once(ran, webhook, environment):
    address, told, _ = webhook
    environment.setenv("ALERT_URLS", address)
    for says in ("Down.", "Down.", "Refused.", "Refused.", None, "Refused."):
        ran(says)

    assert [each["message"].split("\n")[0] for each in told] == ["Down.", "Refused.", "Refused."]


def test_by_default_nobody_is_told(ran, webhook, caplog):
    _, told, _ = webhook
    with caplog.at_level(logging.ERROR):
        ran("Down.")

    assert told == []
    assert "dbt_metadata_sync failed" in caplog.text
    assert "Down." in caplog.text


def test_an_address_that_fails_is_a_warning_and_the_others_are_told(
    ran, webhook, environment, caplog
):
    address, told, _ = webhook
    environment.setenv("ALERT_URLS", f"nonsense://s3cret {NOWHERE} {address}")
    ran("Down.")

    assert len(told) == 1
    assert "Address 1 of ALERT_URLS is none that Apprise understands." in caplog.text
    assert "Address 2 of ALERT_URLS (JSON) refused." in caplog.text
    assert "s3cret" not in caplog.text


def test_a_webhook_that_answers_with_an_error_is_a_warning(ran, webhook, environment, caplog):
    address, _, status = webhook
    status[0] = 500
    environment.setenv("ALERT_URLS", address)
    ran("Down.")

    assert "Address 1 of ALERT_URLS (JSON) refused." in caplog.text


def test_alerts_are_encrypted_unless_they_stay_on_this_machine(environment):
    assert load_settings(alert_urls=NOWHERE).alert_urls
    assert "hunter2" not in repr(load_settings(alert_urls="jsons://u:hunter2@shop.example/x"))
    with pytest.raises(ConfigurationError, match="jsons:// is"):
        load_settings(alert_urls="json://shop.example/hook")
