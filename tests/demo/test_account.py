"""What a test can do to an account, and how the API shows it."""

import json
from datetime import timedelta

BUILD = 5
RESULTS = "run_results.json"


def invocation(run) -> str:
    return json.loads(run.artifact(RESULTS, BUILD))["metadata"]["invocation_id"]


def test_open_runs_show_no_end(own_api, own_account):
    running = own_api.get(
        f"/runs/{own_account.run('running').id}/", params={"include_related": "run_steps"}
    ).json()["data"]
    queued = own_api.get(f"/runs/{own_account.run('queued').id}/").json()["data"]

    assert (running["status"], running["finished_at"]) == (3, None)
    assert [step["status"] for step in running["run_steps"]] == [10, 10, 10, 3]
    assert (queued["status"], queued["started_at"]) == (1, None)


def test_a_run_cancelled_in_the_queue_has_neither_start_nor_end(own_api, own_account):
    run = own_api.get(f"/runs/{own_account.run('cancelled_in_queue').id}/").json()["data"]

    assert (run["status"], run["started_at"], run["finished_at"]) == (30, None, None)


def test_an_open_run_can_be_let_finish(own_api, own_account):
    run = own_account.finish(own_account.run("running").id)
    shown = own_api.get(f"/runs/{run.id}/").json()["data"]

    assert (shown["status"], shown["artifacts_saved"]) == (10, True)
    assert "run_results.json" in own_api.get(f"/runs/{run.id}/artifacts/").json()["data"]


def test_a_run_can_happen_again_under_another_id(own_api, own_account):
    first = own_account.run("tonight")
    again = own_account.add_run("tonight", created_at=own_account.anchor + timedelta(hours=1))
    env = json.loads(again.artifact(RESULTS, BUILD))["metadata"]["env"]

    assert again.id > first.id
    assert env["DBT_CLOUD_RUN_ID"] == str(again.id)
    assert invocation(again) != invocation(first)
    assert own_api.get("/runs/", params={"order_by": "-id"}).json()["data"][0]["id"] == again.id


def test_a_status_can_be_changed(own_api, own_account):
    run = own_account.run("tonight")
    own_account.change_status(run.id, 3)
    shown = own_api.get(f"/runs/{run.id}/").json()["data"]

    assert (shown["status_humanized"], shown["finished_at"]) == ("Running", None)


def test_hidden_artifacts_are_missing_although_the_run_says_saved(own_api, own_account):
    run = own_account.run("tonight")
    path = f"/runs/{run.id}/artifacts/{RESULTS}"
    own_account.hide_artifacts(run.id, step=BUILD)

    assert own_api.get(path, params={"step": BUILD}).status_code == 404
    assert own_api.get(path, params={"step": 6}).status_code == 200
    assert own_api.get(f"/runs/{run.id}/").json()["data"]["artifacts_saved"] is True

    own_account.show_artifacts(run.id)
    assert own_api.get(path, params={"step": BUILD}).status_code == 200


def test_an_artifact_can_be_damaged_or_removed(own_api, own_account):
    run = own_account.run("tonight")
    path = f"/runs/{run.id}/artifacts/{RESULTS}"
    own_account.replace_artifact(run.id, BUILD, RESULTS, b'{"results": [')
    own_account.remove_artifact(run.id, 6, RESULTS)

    assert own_api.get(path, params={"step": BUILD}).content == b'{"results": ['
    assert own_api.get(path).status_code == 404
    assert RESULTS not in own_api.get(f"/runs/{run.id}/artifacts/").json()["data"]
