"""What the client reads and how often it asks, against a real HTTP server."""

from datetime import UTC, datetime, timedelta

import pytest

from sigma_dbt_sync.dbt_cloud import open_client
from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN
from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.errors import ConfigurationError, NotFound, Unavailable, UnexpectedAnswer

NOON = datetime(2027, 3, 9, 12, tzinfo=UTC)


class Sink:
    """Collects a download."""

    def __init__(self):
        self.data = b""

    def restart(self):
        self.data = b""

    def write(self, data):
        self.data += data


def test_objects_of_the_account_are_read_with_all_fourteen_digits(client):
    [project] = client.projects()
    environments = client.environments(project.id)
    jobs = {job.id: job for job in client.jobs()}

    assert (project.id, project.name) == (company.PROJECT_ID, "shop")
    assert [(e.name, e.deployment_type, e.custom_branch) for e in environments] == [
        ("Production", "production", None),
        ("Staging", "staging", "next"),
        ("CI", None, None),
    ]
    assert jobs[company.DAILY.id].execute_steps == ("dbt build",)
    assert jobs[company.DAILY.id].schedule_cron == "20 5 * * *"
    assert jobs[company.DAILY.id].is_scheduled
    assert jobs[company.RETIRED.id].is_deleted


def test_a_run_is_read_with_its_steps_and_related_objects(client, account):
    told = account.run("pull_request")

    run, steps = client.run(told.id)

    assert run.created_at == told.created_at
    assert (run.status, run.job_id, run.job_type) == (20, company.PULL_REQUEST.id, "ci")
    assert (run.pull_request_id, run.trigger_category) == (118, "ci")
    assert run.schema_override == f"dbt_cloud_pr_{company.PULL_REQUEST.id}_118"
    assert run.href == (
        f"https://cloud.getdbt.com/deploy/{ACCOUNT_ID}/projects/{company.PROJECT_ID}/runs/{run.id}/"
    )
    assert [step.index for step in steps] == [1, 2, 3, 4]
    assert steps[3].name == "Invoke dbt with `dbt build --select state:modified+`"


def test_every_page_of_runs_is_read_once_and_in_order(client, account, server):
    for _ in range(250):
        account.add_run("hourly", created_at=NOON)

    pages = list(client.runs(0))

    assert [len(page.runs) for page in pages] == [100, 100, 64]
    assert [page.remaining for page in pages] == [164, 64, 0]
    assert [run.id for page in pages for run in page.runs] == sorted(account.runs)
    assert len(server.requests) == 3


def test_runs_after_an_id_leave_that_run_out(client, account):
    last_but_one = sorted(account.runs)[-2]

    assert [run.id for page in client.runs(last_but_one) for run in page.runs] == [
        max(account.runs)
    ]


def test_no_new_run_costs_one_request(client, account, server):
    assert list(client.runs(max(account.runs))) == []
    assert len(server.requests) == 1


def test_the_first_run_of_a_span_is_found_with_naive_utc_stamps(client, account, server):
    since = NOON - timedelta(days=3)
    expected = min(run.id for run in account.runs.values() if run.created_at >= since)

    assert client.first_run_id(created_since=since, now=NOON) == expected
    assert server.requests[-1].query["created_at__range"] == (
        '["2027-03-06T12:00:00","2027-03-10T12:00:00"]'
    )


def test_there_may_be_no_run_at_all(client, account):
    account.runs.clear()

    assert client.first_run_id(created_since=NOON - timedelta(days=3), now=NOON) is None


def test_an_artifact_is_the_bytes_of_its_own_step(client, account):
    run = account.run("baseline")
    sinks = {step: Sink() for step in (5, 6)}

    sizes = {
        step: client.artifact(run.id, "run_results", step, into=sink)
        for step, sink in sinks.items()
    }

    for step, sink in sinks.items():
        assert sink.data == run.artifact("run_results.json", step)
        assert sizes[step] == len(sink.data)
    assert sinks[5].data != sinks[6].data


def test_an_artifact_that_is_not_there_is_not_found(client, account):
    with pytest.raises(NotFound):
        client.artifact(account.run("baseline").id, "catalog", 5, into=Sink())


def test_a_download_that_breaks_off_begins_again_with_nothing(client, account, server):
    run = account.run("baseline")
    server.faults.append(Fault("sources", status=200, body=b"half" * 200_000, cut=True))
    sink = Sink()

    client.artifact(run.id, "sources", 4, into=sink)

    assert sink.data == run.artifact("sources.json", 4)


def test_a_web_page_in_place_of_an_artifact_is_no_artifact(client, account, server):
    server.faults.append(
        Fault("sources", status=200, headers={"Content-Type": "text/html"}, body=b"<html>")
    )

    with pytest.raises(UnexpectedAnswer, match="web page"):
        client.artifact(account.run("baseline").id, "sources", 4, into=Sink())


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_asked_again(client, server, status):
    server.faults.append(Fault("projects", status=status, times=2))

    assert client.projects()
    assert [request.status for request in server.requests] == [status, status, 200]


def test_a_server_that_stays_down_is_unavailable(client, server):
    server.faults.append(Fault("projects", status=503, times=99))

    with pytest.raises(Unavailable, match="503 while listing projects") as raised:
        client.projects()
    assert raised.value.retryable


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_again(client, server, status):
    server.faults.append(Fault("projects", status=status, times=99))

    with pytest.raises(Exception, match=f"dbt Cloud answered {status} while listing projects"):
        client.projects()
    assert len(server.requests) == 1


def test_nobody_listening_is_unavailable():
    from sigma_dbt_sync.settings import Settings

    nobody = Settings(
        _env_file=None, dbt_cloud_api_host="http://127.0.0.1:9", dbt_cloud_service_token=TOKEN
    )
    with (
        open_client(nobody) as client,
        pytest.raises(Unavailable, match="DBT_CLOUD_API_HOST") as raised,
    ):
        client.projects()
    assert TOKEN not in str(raised.value)


def test_requests_bytes_and_429s_are_counted(client, server):
    server.faults.append(Fault("projects", status=429, headers={"Retry-After": "1"}))

    client.projects()

    assert (client.traffic.requests, client.traffic.rate_limited) == (2, 1)
    assert client.traffic.bytes > 0


def test_only_get_is_used_and_every_path_ends_with_a_slash(client, account, server):
    client.check()
    client.jobs()
    client.environments(company.PROJECT_ID)
    client.run(account.run("baseline").id)

    assert {request.method for request in server.requests} == {"GET"}
    assert all(request.path.endswith("/") for request in server.requests)
    assert {request.status for request in server.requests} == {200}


def test_the_only_account_is_found_by_itself(settings, server):
    with open_client(settings(dbt_cloud_account_id=None)) as client:
        assert client.account_id() == ACCOUNT_ID
        assert client.account_id() == ACCOUNT_ID
    assert len(server.requests) == 1


def test_a_set_account_needs_no_request(client, server):
    assert client.account_id() == ACCOUNT_ID
    assert server.requests == []


def test_check_tells_what_the_token_sees(client, account, server):
    seen = client.check()

    assert (seen.account_id, seen.account_name) == (ACCOUNT_ID, "Shop")
    assert [project.name for project in seen.projects] == ["shop"]
    assert (seen.runs, seen.newest_run_id) == (len(account.runs), max(account.runs))
    assert len(server.requests) == 3


def test_check_does_without_the_list_of_accounts(client, server):
    server.faults.append(Fault("v3/accounts/$|v3/accounts/\\?", status=403))

    assert client.check().account_name is None


@pytest.mark.parametrize("token", ["", " ", "two words", "tökén", "line\nbreak"])
def test_what_cannot_be_a_token_is_refused_without_showing_it(settings, token):
    wrong = settings(dbt_cloud_service_token=token)

    with (
        pytest.raises(ConfigurationError, match="DBT_CLOUD_SERVICE_TOKEN") as raised,
        open_client(wrong),
    ):
        pass
    assert not token.strip() or token not in str(raised.value)


def test_without_a_token_there_is_no_client(settings):
    with (
        pytest.raises(ConfigurationError, match="is not set"),
        open_client(settings(dbt_cloud_service_token=None)),
    ):
        pass


@pytest.mark.parametrize("prefix", ["Token ", "Bearer ", "  "])
def test_a_token_pasted_with_its_prefix_is_accepted(settings, prefix):
    with open_client(settings(dbt_cloud_service_token=prefix + TOKEN)) as client:
        assert client.projects()


def test_the_token_shows_in_no_repr_and_no_log(client, settings, caplog):
    caplog.set_level(0)
    client.projects()

    shown = f"{client!r} {vars(client)!r} {settings()!r} {caplog.text}"

    assert TOKEN not in shown
