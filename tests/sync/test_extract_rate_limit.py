"""What happens when dbt Cloud wants to be left alone."""

from datetime import timedelta

import pytest

from sigma_dbt_sync.demo.faults import Fault


def limit(stage, path: str, *, times: int = 1, **headers):
    stage.server.faults.append(Fault(path, status=429, headers=headers, times=times))


def test_a_429_ends_the_tick_and_keeps_what_was_done(stage, account):
    tonight = account.run("tonight")
    limit(stage, f"{tonight.id}/artifacts")

    report = stage.tick()

    done = set(stage.archive.entries())
    assert tonight.id not in done
    assert done
    assert report.rate_limited == 1
    assert report.new_runs == len(done)
    assert any("429" in warning for warning in report.warnings)


@pytest.mark.parametrize(("headers", "seconds"), [({}, 300), ({"Retry-After": "120"}, 120)])
def test_nothing_is_asked_before_the_time_is_over(stage, account, headers, seconds):
    limit(stage, r"/runs/\?", **headers)

    report = stage.tick()

    until = report.rate_limited_until
    assert seconds <= (until - stage.now).total_seconds() < seconds + 30
    quiet = stage.tick(after=timedelta(seconds=seconds - 10))
    assert (stage.asked, quiet.requests, quiet.rate_limited_until) == ([], 0, until)
    assert quiet.warnings
    stage.now = until
    again = stage.tick()
    assert set(stage.archive.entries()) == set(account.runs)
    assert again.rate_limited_until is None


def test_what_was_done_before_a_429_is_not_done_again(stage, account):
    limit(stage, f"{account.run('tonight').id}/artifacts")
    stage.tick()
    done = set(stage.archive.entries())

    stage.tick(after=15)

    assert {
        account.runs[run_id].id for run_id in done if stage.downloads(account.runs[run_id])
    } == set()
    assert set(stage.archive.entries()) == set(account.runs)


def test_others_stop_asking_soon_after_a_429(stage):
    for number in range(60):
        stage.add("hourly", minutes_ago=600 - number)
    limit(stage, "/artifacts/", times=999)

    stage.tick(dbt_cloud_manifests="every_run")

    assert sum(request.status == 429 for request in stage.asked) <= 8


def test_a_short_pause_is_waited_out_within_the_tick(stage, account):
    limit(stage, "/artifacts/", **{"Retry-After": "2"})

    report = stage.tick()

    assert report.rate_limited_until is None
    assert report.rate_limited == 1
    assert set(stage.archive.entries()) == set(account.runs)
