"""Crashes, refusals and bad answers: nothing is lost, and nothing is fetched twice."""

from datetime import timedelta

import pytest

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.account import ACCOUNT_ID
from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.errors import AccessDenied, Unavailable


class Crash(BaseException):
    """The process is gone."""


def crash(*_):
    raise Crash


def test_a_crash_at_any_moment_loses_no_run(stage, account, monkeypatch):
    """The process dies after so many entries, again and again; in the end all is there."""
    write, written = Archive.write_entry, []

    def dying(archive, entry):
        if len(written) >= 3:
            raise Crash
        written.append(entry.run.id)
        return write(archive, entry)

    for _ in range(5):
        written.clear()
        with monkeypatch.context() as patched:
            patched.setattr(Archive, "write_entry", dying)
            with pytest.raises(Crash):
                stage.tick(after=15)
    stage.tick(after=15)

    assert set(stage.archive.entries()) == set(account.runs)


def test_a_crash_before_the_state_is_written_fetches_no_artifact_twice(stage, account, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Archive, "write_state", crash)
        with pytest.raises(Crash):
            stage.tick()
    stage.tick(after=15)

    assert stage.downloads() == []
    assert set(stage.archive.entries()) == set(account.runs)


def test_an_open_artifact_survives_a_crash_before_the_state_is_written(stage, account, monkeypatch):
    tonight = account.run("tonight")
    account.hide_artifacts(tonight.id)
    with monkeypatch.context() as patched:
        patched.setattr(Archive, "write_state", crash)
        with pytest.raises(Crash):
            stage.tick()
    account.show_artifacts(tonight.id)

    stage.tick(after=15)

    assert stage.entry(tonight).is_final


def test_what_a_later_tick_left_open_survives_its_crash(stage, account, monkeypatch):
    stage.tick(after=15)
    run = stage.add("hourly", minutes_ago=-5)
    account.hide_artifacts(run.id)
    with monkeypatch.context() as patched:
        patched.setattr(Archive, "write_state", crash)
        with pytest.raises(Crash):
            stage.tick(after=15)
    account.show_artifacts(run.id)

    stage.tick(after=15)

    assert stage.entry(run).is_final


@pytest.mark.parametrize("damage", [None, b"", b"{", b'{"watermark": "x"}'])
def test_a_lost_state_is_made_again_from_the_entries(stage, account, damage):
    tonight = account.run("tonight")
    account.hide_artifacts(tonight.id)
    stage.tick()
    account.show_artifacts(tonight.id)
    state = stage.folder / str(ACCOUNT_ID) / "state.json"
    state.unlink() if damage is None else state.write_bytes(damage)

    report = stage.tick(after=15)

    assert stage.entry(tonight).is_final
    assert report.open_runs == 2
    assert [run_id for run_id in account.runs if stage.downloads(account.runs[run_id])] == [
        tonight.id
    ]
    assert any("state.json was damaged" in w for w in report.warnings) == (damage is not None)


def test_a_deleted_open_run_is_closed(stage, account):
    stage.tick()
    gone = account.run("running")
    del account.runs[gone.id]

    report = stage.tick(after=15)

    assert stage.entry(gone).is_final
    assert "no longer has this run" in stage.entry(gone).note
    assert any(str(gone.id) in warning for warning in report.warnings)
    assert report.open_runs == 1


def test_a_run_deleted_while_it_is_read_is_kept_as_listed(stage, account):
    tonight = account.run("tonight")
    stage.server.faults.append(Fault(f"runs/{tonight.id}/\\?", status=404))

    stage.tick()

    entry = stage.entry(tonight)
    assert (entry.run.status, entry.run.job_id) == (tonight.status, company.DAILY.id)
    assert entry.is_final
    assert "no longer has this run" in entry.note


def test_one_unreadable_run_holds_up_nobody_and_is_asked_again(stage, account):
    tonight = account.run("tonight")
    fault = Fault(f"runs/{tonight.id}/\\?", status=200, body=b"<html>", times=2)
    stage.server.faults.append(fault)

    report = stage.tick()

    assert not stage.entry(tonight).is_final
    assert set(stage.archive.entries()) == set(account.runs)
    assert any(f"Run {tonight.id}" in warning for warning in report.warnings)
    stage.tick(after=15)
    assert not stage.entry(tonight).is_final
    stage.tick(after=15)
    assert stage.entry(tonight).is_final
    assert stage.states(tonight)["run_results", 5] == "found"


def test_a_run_that_stays_unreadable_is_given_up_after_a_day_with_a_warning(stage, account):
    tonight = account.run("tonight")
    stage.server.faults.append(
        Fault(f"runs/{tonight.id}/\\?", status=200, body=b"<html>", times=999)
    )
    stage.tick()

    report = stage.tick(after=timedelta(hours=25))

    assert stage.entry(tonight).is_final
    assert any("not asked for any more" in warning for warning in report.warnings)
    stage.tick(after=60)
    assert not any(f"/runs/{tonight.id}/" in r.path for r in stage.asked)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_stops_the_sync_and_keeps_what_was_done(stage, account, status):
    tonight = account.run("tonight")
    stage.server.faults.append(Fault(f"runs/{tonight.id}/artifacts", status=status, times=99))

    with pytest.raises(AccessDenied):
        stage.tick()

    assert tonight.id not in stage.archive.entries()
    assert stage.archive.read_state() is not None
    stage.server.faults.clear()
    stage.tick(after=15)
    assert set(stage.archive.entries()) == set(account.runs)


def test_an_outage_ends_the_tick_soon_and_the_next_one_goes_on(stage, account):
    stage.server.faults.append(Fault(r"runs/\d+/", status=503, times=999))

    with pytest.raises(Unavailable):
        stage.tick()

    assert len(stage.asked) < 40
    stage.server.faults.clear()
    stage.tick(after=15)
    assert set(stage.archive.entries()) == set(account.runs)
