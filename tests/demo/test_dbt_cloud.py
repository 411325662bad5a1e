"""The API over real HTTP: who may ask, and how lists are filtered, ordered and cut."""

import json

import httpx
import pytest

from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN

ALL_RUNS = 14


def ids(answer) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize("kind", ["Token", "Bearer"])
def test_both_words_before_the_token_open_the_door(api, kind):
    answer = api.get("/runs/", headers={"Authorization": f"{kind} {TOKEN}"})

    assert answer.status_code == 200


@pytest.mark.parametrize("header", ["", TOKEN, "Token wrong", f"Basic {TOKEN}"])
def test_anything_else_is_unauthorized(api, header):
    answer = api.get("/runs/", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["status"]["is_success"] is False


def test_writing_is_forbidden(api):
    assert api.post("/jobs/", json={}).status_code == 403


def test_another_account_is_not_found(api):
    answer = api.get(str(api.base_url).replace(str(ACCOUNT_ID), "1") + "runs/")

    assert answer.status_code == 404
    assert answer.json()["status"]["code"] == 404


def test_a_missing_slash_is_redirected_with_the_query_kept(api):
    answer = api.get("/runs?limit=3")

    assert answer.is_redirect
    assert httpx.URL(answer.headers["location"]).path.endswith("/runs/")
    assert len(ids(api.get("/runs?limit=3", follow_redirects=True))) == 3


def test_an_artifact_path_is_not_redirected(api, account):
    run = account.run("baseline")
    answer = api.get(f"/runs/{run.id}/artifacts/manifest.json")

    assert answer.status_code == 200


def test_lists_come_in_the_envelope(api):
    answer = api.get("/runs/", params={"limit": 5, "offset": 10}).json()

    assert answer["status"]["code"] == 200
    assert answer["extra"]["pagination"] == {"count": 4, "total_count": ALL_RUNS}
    assert answer["extra"]["filters"]["offset"] == 10


def test_pages_by_offset_hold_every_run_once(api):
    pages = [ids(api.get("/runs/", params={"limit": 4, "offset": at})) for at in (0, 4, 8, 12, 16)]
    found = [run_id for page in pages for run_id in page]

    assert [len(page) for page in pages] == [4, 4, 4, 2, 0]
    assert found == ids(api.get("/runs/"))


def test_pages_by_id_hold_every_run_once(api):
    found, last = [], 0
    while page := ids(api.get("/runs/", params={"order_by": "id", "id__gt": last, "limit": 5})):
        found, last = found + page, page[-1]

    assert len(found) == ALL_RUNS
    assert found == sorted(set(found))


def test_ids_do_not_fit_into_32_bits_and_ascend_with_time(api):
    rows = api.get("/runs/", params={"order_by": "created_at"}).json()["data"]

    assert min(row["id"] for row in rows) > 2**31
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


@pytest.mark.parametrize("order", ["id", "created_at", "finished_at"])
def test_a_minus_reverses_the_order(api, order):
    forward = ids(api.get("/runs/", params={"order_by": order}))

    assert ids(api.get("/runs/", params={"order_by": f"-{order}"})) == forward[::-1]


def test_a_list_of_statuses_is_one_json_parameter(api, account):
    found = ids(api.get("/runs/", params={"status__in": json.dumps([1, 3])}))

    assert found == [account.run("running").id, account.run("queued").id]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 101},
        {"limit": 0},
        {"status__in": "10"},
        {"created_at__range": "2027-01-01"},
        {"id__gt": "x"},
        {"order_by": "name"},
    ],
)
def test_a_parameter_nobody_can_read_is_a_bad_request(api, query):
    assert api.get("/runs/", params=query).status_code == 400


def test_runs_are_filtered_by_job_environment_and_project(api, account):
    ci = account.run("pull_request").id

    assert ids(api.get("/runs/", params={"job_definition_id": company.PULL_REQUEST.id})) == [ci]
    assert ids(api.get("/runs/", params={"environment_id": company.CI.id})) == [ci]
    assert len(ids(api.get("/runs/", params={"project_id": company.PROJECT_ID}))) == ALL_RUNS
    assert ids(api.get("/runs/", params={"project_id__in": "[1, 2]"})) == []


def test_ranges_read_times_without_an_offset_as_utc(api, account):
    tonight = account.run("tonight")
    text = tonight.finished_at.replace(tzinfo=None).isoformat()
    found = ids(api.get("/runs/", params={"finished_at__range": json.dumps([text, text])}))

    assert found == [tonight.id]


def test_related_objects_are_null_until_asked_for(api, account):
    run_id = account.run("pull_request").id
    plain = api.get(f"/runs/{run_id}/").json()["data"]
    full = api.get(f"/runs/{run_id}/?include_related=trigger,job,environment,run_steps")

    assert [plain[name] for name in ("trigger", "job", "environment", "run_steps")] == [
        None,
        None,
        None,
        [],
    ]
    assert full.json()["data"]["trigger"]["github_pull_request_id"] == 118
    assert full.json()["data"]["job"]["job_type"] == "ci"
    assert full.json()["data"]["environment"]["name"] == "CI"
    assert [step["index"] for step in full.json()["data"]["run_steps"]] == [1, 2, 3, 4]


def test_lists_never_hold_steps(api):
    rows = api.get("/runs/", params={"include_related": "run_steps,trigger"}).json()["data"]

    assert {len(row["run_steps"]) for row in rows} == {0}
    assert all(row["trigger"] for row in rows)


@pytest.mark.parametrize(("state", "names"), [("active", 6), ("deleted", 1), ("all", 7)])
def test_jobs_are_listed_by_state(api, state, names):
    assert len(ids(api.get("/jobs/", params={"state": state}))) == names


def test_deleted_jobs_are_left_out_unless_asked_for(api):
    assert company.RETIRED.id not in ids(api.get("/jobs/"))


def test_the_third_version_lists_accounts_projects_and_environments(api):
    v3 = str(api.base_url).replace("v2", "v3")
    environments = api.get(f"{v3}projects/{company.PROJECT_ID}/environments/").json()["data"]

    assert ids(api.get(f"{v3}projects/")) == [company.PROJECT_ID]
    assert ids(api.get(v3.removesuffix(f"{ACCOUNT_ID}/"))) == [ACCOUNT_ID]
    assert [(row["name"], row["deployment_type"]) for row in environments] == [
        ("Production", "production"),
        ("Staging", "staging"),
        ("CI", None),
    ]


def test_answers_are_compressed_when_asked(api):
    compressed = api.get("/runs/", headers={"Accept-Encoding": "gzip"})
    plain = api.get("/runs/", headers={"Accept-Encoding": "identity"})

    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert compressed.json() == plain.json()
