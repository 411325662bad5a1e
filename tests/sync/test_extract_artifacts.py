"""Which artifacts are fetched, from which step, how long they are waited for, and how often."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from sigma_dbt_sync.archive import Archive, blobs
from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.demo.plot import CANCELLED, ERROR

HOUR = timedelta(hours=1)


def shared(entry) -> int | None:
    [manifest] = [a for a in entry.artifacts if a.kind == "manifest"]
    return manifest.from_run_id


def test_each_step_is_asked_for_what_its_command_writes(stage, account):
    stage.tick()

    assert stage.states(account.run("baseline")) == {
        ("manifest", 5): "found",
        ("sources", 4): "found",
        ("run_results", 5): "found",
        ("run_results", 6): "found",
        ("catalog", 6): "found",
    }


def test_what_is_archived_is_what_the_step_served(stage, account):
    stage.tick()
    baseline = account.run("baseline")

    for artifact in stage.entry(baseline).artifacts:
        served = baseline.artifact(f"{artifact.kind}.json", artifact.step_index)
        assert stage.archive.read_blob(artifact.sha256) == served
        assert artifact.size == len(served)


def test_a_step_that_never_ran_is_not_asked(stage, account):
    stage.tick()

    asked = {request.query["step"] for request in stage.downloads(account.run("cancelled"))}

    assert asked == {"4", "5"}


def test_a_run_without_an_executing_step_has_the_manifest_of_its_last(stage, account):
    stage.tick(dbt_cloud_manifests="every_run")

    assert stage.states(account.run("freshness")) == {
        ("manifest", 4): "found",
        ("sources", 4): "found",
    }


def test_a_manifest_that_the_executing_step_lacks_is_taken_from_another(stage, account):
    baseline = account.run("baseline")
    account.remove_artifact(baseline.id, 5, "manifest.json")

    stage.tick()

    assert stage.states(baseline)["manifest", 6] == "found"


def test_a_run_that_saved_nothing_is_closed_without_asking(stage, account):
    stage.tick()
    run = account.run("parse_error")

    assert stage.downloads(run) == []
    assert stage.entry(run).is_final
    assert set(stage.states(run).values()) == {"missing"}
    assert "saved no artifacts" in stage.entry(run).artifacts[0].reason


def test_a_run_that_saves_late_is_seen_to_have_saved(stage, account, monkeypatch):
    run = stage.add("hourly", minutes_ago=10)
    kind = type(run)
    monkeypatch.setattr(kind, "has_artifacts", property(lambda r: r.id != run.id))
    stage.tick()
    assert (stage.entry(run).is_final, stage.downloads(run)) == (False, [])
    monkeypatch.undo()

    stage.tick(after=15)

    assert stage.entry(run).is_final
    assert stage.states(run)["run_results", 4] == "found"


def test_a_run_that_never_saves_is_closed_after_an_hour(stage, monkeypatch):
    run = stage.add("hourly", minutes_ago=10)
    monkeypatch.setattr(type(run), "has_artifacts", property(lambda r: r.id != run.id))
    stage.tick()
    stage.tick(after=30)
    assert not stage.entry(run).is_final

    stage.tick(after=30)

    assert stage.entry(run).is_final
    assert set(stage.states(run).values()) == {"missing"}


def test_an_artifact_that_is_an_hour_late_arrives(stage, account):
    run = stage.add("baseline", minutes_ago=10)
    account.hide_artifacts(run.id, step=5)
    stage.tick()
    first = stage.entry(run)
    assert stage.states(run)["run_results", 5] == "open"
    assert stage.states(run)["run_results", 6] == "found"
    for _ in range(4):
        assert stage.tick(after=15).runs == 0
        assert [r.query["step"] for r in stage.downloads()] == ["5"]
    assert stage.entry(run) == first
    account.show_artifacts(run.id)

    report = stage.tick(after=60)

    assert stage.entry(run).is_final
    assert "open" not in stage.states(run).values()
    assert (report.updated_runs, report.artifacts_found, report.artifacts_open) == (1, 1, 0)
    assert stage.tick(after=15).requests == 1


def test_open_artifacts_are_asked_for_at_every_tick_and_later_once_an_hour(stage, account):
    run = stage.add("hourly", minutes_ago=10)
    account.hide_artifacts(run.id)
    stage.tick()

    asked = [bool(stage.tick(after=15) and stage.downloads()) for _ in range(20)]

    assert asked[:8] == [True] * 8
    assert sum(asked[8:]) == 3


def test_an_artifact_that_does_not_come_within_a_day_is_missing_for_good(stage, account):
    run = stage.add("hourly", minutes_ago=10)
    account.hide_artifacts(run.id)
    stage.tick()
    stage.tick(after=23 * HOUR)
    assert not stage.entry(run).is_final

    stage.tick(after=2 * HOUR)

    assert stage.entry(run).is_final
    assert set(stage.states(run).values()) == {"missing"}
    stage.tick(after=2 * HOUR)
    assert stage.downloads() == []


def test_an_old_run_is_not_waited_for(stage, account):
    account.hide_artifacts(account.run("baseline").id)

    stage.tick()

    assert stage.entry(account.run("baseline")).is_final


def test_a_run_deleted_while_something_is_open_is_closed(stage, account, monkeypatch):
    run = stage.add("hourly", minutes_ago=10)
    monkeypatch.setattr(type(run), "has_artifacts", property(lambda r: r.id != run.id))
    stage.tick()
    del account.runs[run.id]

    stage.tick(after=15)

    assert stage.entry(run).is_final
    assert set(stage.states(run).values()) == {"missing"}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200, "headers": {"Content-Type": "text/html"}, "body": b"<html>"},
        {"status": 503, "times": 2},
        {"status": 200, "body": b'{"cut', "cut": True, "times": 2},
    ],
    ids=["web page", "outage", "cut connection"],
)
def test_one_bad_answer_costs_one_artifact_and_only_until_the_next_tick(stage, account, fault):
    baseline = account.run("baseline")
    stage.server.faults.append(Fault(f"{baseline.id}/artifacts/catalog", **fault))

    report = stage.tick()

    assert stage.states(baseline)["catalog", 6] == "open"
    assert stage.states(baseline)["run_results", 5] == "found"
    assert any("catalog.json" in warning for warning in report.warnings)
    stage.tick(after=15)
    assert stage.states(baseline)["catalog", 6] == "found"
    assert stage.entry(baseline).is_final


def test_an_artifact_over_the_cap_is_noted_and_not_asked_for_again(stage, account, monkeypatch):
    monkeypatch.setattr(blobs.BlobWriter, "__init__", capped(blobs.BlobWriter.__init__, 100_000))

    stage.tick()

    [manifest] = [a for a in stage.entry(account.run("baseline")).artifacts if a.kind == "manifest"]
    assert (manifest.state, manifest.sha256) == ("oversized", None)
    assert "larger than" in manifest.reason
    assert stage.states(account.run("baseline"))["run_results", 5] == "found"
    stage.tick(after=15)
    assert stage.downloads() == []


def capped(init, size):
    return lambda writer, files, _: init(writer, files, size)


def test_runs_of_one_project_state_share_a_manifest(stage, account):
    runs = [stage.add("hourly", minutes_ago=10 * number) for number in range(9, 0, -1)]

    stage.tick()

    fetched = [run.id for run in runs if shared(stage.entry(run)) is None]
    hashes = {a.sha256 for run in runs for a in stage.entry(run).artifacts if a.kind == "manifest"}
    assert fetched == [runs[0].id]
    assert {shared(stage.entry(run)) for run in runs[1:]} == {runs[0].id}
    assert len(hashes) == 1
    assert all(stage.entry(run).is_final for run in runs)


def test_a_later_tick_shares_too(stage):
    first = stage.add("hourly", minutes_ago=30)
    stage.tick()
    second = stage.add("hourly", minutes_ago=0)

    stage.tick(after=15)

    assert shared(stage.entry(second)) == first.id
    assert [r.path.rsplit("/", 1)[-1] for r in stage.downloads()] == ["run_results.json"]


def test_a_later_tick_shares_even_when_the_state_was_lost(stage):
    first = stage.add("hourly", minutes_ago=30)
    stage.tick()
    (stage.folder / str(company.ACCOUNT_ID) / "state.json").unlink()
    second = stage.add("hourly", minutes_ago=0)

    stage.tick(after=15)

    assert shared(stage.entry(second)) == first.id


def test_the_next_day_fetches_its_own_manifest(stage):
    stage.add("hourly", minutes_ago=30)
    stage.tick()
    second = stage.add("hourly", minutes_ago=-24 * 60)

    stage.tick(after=timedelta(days=1, hours=1))

    assert shared(stage.entry(second)) is None


def test_another_job_with_the_same_project_state_shares(stage, account):
    hourly = stage.add("running", minutes_ago=30)

    stage.tick()

    assert shared(stage.entry(hourly)) == account.run("tonight").id


def test_every_run_fetches_its_own_when_asked_to(stage):
    runs = [stage.add("hourly", minutes_ago=10 * number) for number in range(4, 0, -1)]

    stage.tick(dbt_cloud_manifests="every_run")

    assert [shared(stage.entry(run)) for run in runs] == [None] * 4


def test_a_run_that_had_no_manifest_does_not_keep_others_from_fetching(stage, account):
    runs = [stage.add("hourly", minutes_ago=10 * number) for number in range(5, 0, -1)]
    account.hide_artifacts(runs[0].id)

    stage.tick()

    assert stage.states(runs[0])["manifest", 4] == "open"
    assert shared(stage.entry(runs[1])) is None
    assert {shared(stage.entry(run)) for run in runs[2:]} == {runs[1].id}


def test_a_cancelled_run_lends_nobody_its_manifest(stage, account):
    runs = [stage.add("hourly", minutes_ago=10 * number) for number in range(3, 0, -1)]
    account.change_status(runs[0].id, CANCELLED)

    stage.tick()

    assert stage.states(runs[0])["manifest", 4] == "found"
    assert [shared(stage.entry(run)) for run in runs[1:]] == [None, runs[1].id]


def test_a_failed_run_may_lend_its_manifest(stage, account):
    runs = [stage.add("hourly", minutes_ago=10 * number) for number in range(3, 0, -1)]
    account.change_status(runs[0].id, ERROR)

    stage.tick()

    assert {shared(stage.entry(run)) for run in runs[1:]} == {runs[0].id}


def test_no_step_log_and_no_token_is_in_the_archive(stage):
    from sigma_dbt_sync.demo.account import TOKEN

    stage.tick()

    for path in stage.folder.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert TOKEN not in text
        assert "Profile written" not in text


def test_drafts_are_gone_after_a_tick_even_those_of_an_earlier_crash(stage):
    incoming = stage.folder / str(company.ACCOUNT_ID) / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "of-a-crash").write_bytes(b"half")
    os.utime(incoming / "of-a-crash", (0, 0))

    stage.tick()

    assert list(incoming.iterdir()) == []


def test_an_object_store_holds_the_same(stage, account, tmp_path):
    from uuid import uuid4

    from sigma_dbt_sync.dbt_cloud import open_client
    from sigma_dbt_sync.sync.extract import extract

    remote = Archive(f"memory://{uuid4().hex}", company.ACCOUNT_ID)
    stage.tick()
    with open_client(stage.settings()) as client:
        extract(client, remote, stage.settings(), now=stage.now)

    assert remote.entries() == stage.archive.entries()


def renamed(run, old: str, new: str):
    """Let a run's steps have been other commands."""
    steps = tuple(replace(s, name=s.name.replace(old, new)) for s in run.recording.steps)
    run.recording = replace(run.recording, steps=steps)
    return run


def test_a_command_nobody_understands_is_asked_for_everything_once(stage):
    run = renamed(stage.add("hourly", minutes_ago=30), "dbt build", "dbt novelty")

    stage.tick()

    assert stage.states(run) == {
        ("manifest", 4): "found",
        ("run_results", 4): "found",
        ("catalog", 4): "missing",
        ("sources", 4): "missing",
    }
    assert stage.entry(run).is_final


def test_a_command_nobody_understands_may_also_be_late(stage, account):
    run = renamed(stage.add("hourly", minutes_ago=30), "dbt build", "dbt novelty")
    account.hide_artifacts(run.id)

    stage.tick()

    assert set(stage.states(run).values()) == {"open"}


def test_values_of_vars_are_nowhere_in_the_archive(stage):
    command = "dbt build --vars '{password: s3cret}'"
    run = renamed(stage.add("hourly", minutes_ago=30), "dbt build", command)
    other = stage.add("hourly", minutes_ago=20)

    stage.tick()

    assert stage.entry(run).variant.startswith("vars=")
    assert shared(stage.entry(other)) is None
    assert not any("s3cret" in p.read_text(encoding="utf-8") for p in stage.folder.rglob("*.json"))
