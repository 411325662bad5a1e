"""The recorded week, moved to end now."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sigma_dbt_sync.demo.account import Account, load_account
from sigma_dbt_sync.demo.plot import WEEK
from sigma_dbt_sync.demo.shift import shifted
from sigma_dbt_sync.demo.story import read_story

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)
RECORDED = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BUILD = 5


def times(run, path, step) -> list[datetime]:
    results = json.loads(run.artifact(path, step))["results"]
    return [
        datetime.fromisoformat(timing[end])
        for result in results
        for timing in result["timing"]
        for end in ("started_at", "completed_at")
    ]


@pytest.mark.parametrize(
    ("stamp", "moved"),
    [
        (b"2026-11-23T20:45:26.914325Z", b"2026-11-24T20:45:26.914325Z"),
        (b"2026-11-23T20:45:26.914325123Z", b"2026-11-24T20:45:26.914325123Z"),
        (b"2026-11-23 20:45:26+00:00", b"2026-11-24 20:45:26+00:00"),
        (b'"created_at": 1795466726.52,', b'"created_at": 1795553126.52,'),
        (b"2026-01-05 10:00:00", b"2026-01-05 10:00:00"),
        (b"2026-11-23", b"2026-11-23"),
        (b"2026-13-45T20:45:26Z", b"2026-13-45T20:45:26Z"),
    ],
)
def test_only_stamps_near_the_recording_move_and_keep_their_format(stamp, moved):
    assert shifted(stamp, DAY, recorded_at=RECORDED) == moved


def test_the_same_anchor_gives_the_same_bytes(account):
    again = Account(read_story(), anchor=NOW)

    for name in ("baseline", "tonight"):
        for path in account.run(name).paths(BUILD):
            assert again.run(name).artifact(path, BUILD) == account.run(name).artifact(path, BUILD)


def test_another_anchor_moves_everything_by_the_same_time(account):
    later = Account(read_story(), anchor=NOW + DAY).run("tonight")
    before = times(account.run("tonight"), "run_results.json", BUILD)

    assert times(later, "run_results.json", BUILD) == [at + DAY for at in before]


def test_executions_lie_within_their_step(account):
    for name in ("baseline", "cancelled", "tonight"):
        run = account.run(name)
        step = run.steps[BUILD - 1]
        found = times(run, "run_results.json", BUILD)

        assert run.moved(step.started_at) <= min(found)
        assert max(found) <= run.moved(step.finished_at)


def test_every_run_stands_where_the_plot_puts_it(account):
    for chapter in WEEK:
        assert account.runs[chapter.run_id].created_at == NOW - chapter.before_now


def test_the_week_ends_minutes_before_now(account):
    newest = max(run.created_at for run in account.runs.values())

    assert timedelta(0) < NOW - newest < timedelta(minutes=5)


def test_the_age_of_a_source_is_kept(account):
    sources = json.loads(account.run("freshness").artifact("sources.json"))["results"]

    for row in sources:
        age = datetime.fromisoformat(row["snapshotted_at"]) - datetime.fromisoformat(
            row["max_loaded_at"]
        )
        assert abs(age.total_seconds() - row["max_loaded_at_time_ago_in_s"]) < 0.001


def test_the_first_start_writes_the_anchor_and_later_ones_keep_it(tmp_path):
    file = tmp_path / "demo" / "anchor"
    first, second = load_account(file, NOW), load_account(file, NOW + DAY)

    assert first.anchor == second.anchor == NOW
    assert [path.name for path in file.parent.iterdir()] == ["anchor"]
