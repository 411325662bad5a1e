"""Which runs a tick finds, and that none is ever lost."""

from datetime import timedelta

import pytest

from sigma_dbt_sync.demo import company, payloads
from sigma_dbt_sync.demo.plot import CANCELLED, QUEUED, RUNNING, SUCCESS

LONG_AGO = timedelta(days=40)


def test_the_first_tick_brings_every_run_of_the_story(stage, account):
    report = stage.tick()

    assert set(stage.archive.entries()) == set(account.runs)
    assert (report.new_runs, report.updated_runs, report.open_runs) == (14, 0, 2)
    assert report.artifacts_found == len([r for r in stage.downloads() if r.status == 200])
    assert report.requests == len(stage.asked)
    assert report.warnings == []


def test_a_tick_with_nothing_new_is_one_request_and_changes_no_file(stage):
    def files():
        return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in stage.folder.rglob("*.*")}

    stage.tick()
    stage.tick(after=15)
    before = files()

    report = stage.tick(after=15)

    assert len(stage.asked) == report.requests == 1
    assert report.runs == 0
    assert files() == before


def test_without_open_runs_the_list_starts_after_the_last_run(stage, account):
    for name in ("running", "queued"):
        account.finish(account.run(name).id)
    for _ in range(3):
        stage.tick(after=15)

    [request] = stage.listed()

    assert request.query["id__gt"] == str(max(account.runs))


def test_the_list_starts_just_before_the_lowest_open_run(stage, account):
    stage.tick()
    stage.tick(after=15)

    [request] = stage.listed()

    assert request.query["id__gt"] == str(account.run("running").id - 1)


def test_an_open_run_is_shown_as_it_is_and_followed_to_its_end(stage, account):
    running = account.run("running")
    stage.tick()
    first = stage.entry(running)
    account.finish(running.id)

    report = stage.tick(after=15)

    assert (first.run.status, first.is_final, first.steps) == (RUNNING, False, ())
    assert (report.new_runs, report.updated_runs, report.open_runs) == (0, 1, 1)
    assert stage.entry(running).is_final
    assert ("run_results", 4) in stage.states(running)


def test_a_queued_run_that_starts_gets_a_new_entry(stage, account):
    queued = account.run("queued")
    stage.tick()
    account.change_status(queued.id, RUNNING)

    assert stage.tick(after=15).updated_runs == 1
    assert stage.entry(queued).run.status == RUNNING
    assert stage.entry(queued).run.started_at is not None


def test_a_run_created_and_cancelled_between_two_ticks_is_found(stage, account):
    stage.tick()
    run = stage.add("cancelled_in_queue", minutes_ago=-5)

    stage.tick(after=15)

    assert stage.entry(run).run.status == CANCELLED
    assert stage.entry(run).run.finished_at is None
    assert stage.entry(run).is_final
    assert stage.downloads() == []


def test_a_long_run_does_not_hide_runs_that_came_after_it(stage, account):
    stage.tick()
    runs = [stage.add("hourly", minutes_ago=-5) for _ in range(3)]

    stage.tick(after=60)

    assert all(stage.entry(run).is_final for run in runs)
    assert not stage.entry(account.run("running")).is_final


def test_more_than_a_page_of_runs_is_fetched_completely(stage, account):
    for number in range(230):
        stage.add("cancelled_in_queue", minutes_ago=300 - number)

    report = stage.tick()

    assert report.new_runs == 244
    assert set(stage.archive.entries()) == set(account.runs)
    assert len([request for request in stage.listed() if "id__gt" in request.query]) == 3


def test_history_before_the_first_sync_is_left_out(stage, account):
    old = account.add_run("hourly", created_at=stage.now - LONG_AGO, run_id=5)

    stage.tick()

    assert old.id not in stage.archive.entries()


def test_longer_history_starts_discovery_again_but_fetches_only_what_is_missing(stage, account):
    old = account.add_run("hourly", created_at=stage.now - LONG_AGO, run_id=5)
    stage.tick()

    report = stage.tick(after=15, dbt_cloud_history_days=60)

    assert report.new_runs == 1
    assert stage.entry(old).is_final
    assert {
        r.path.split("/runs/")[1].split("/")[0] for r in stage.asked if "/runs/5" in r.path
    } == {"5"}
    assert len([r for r in stage.asked if "/runs/7" in r.path]) == 0


def test_history_already_covered_is_not_looked_at_again_as_time_goes_by(stage, account):
    stage.tick()

    stage.tick(after=timedelta(days=3))

    assert "created_at__range" not in stage.listed()[0].query


def test_since_looks_back_further_once(stage, account):
    old = account.add_run("hourly", created_at=stage.now - LONG_AGO, run_id=5)
    stage.tick()

    report = stage.tick(after=15, since=(stage.now - timedelta(days=50)).date())

    assert report.new_runs == 1
    assert stage.entry(old).is_final
    assert stage.tick(after=15).requests == 1


def test_since_within_known_history_fetches_nothing_twice(stage, account):
    stage.tick()

    report = stage.tick(after=15, since=(stage.now - timedelta(days=2)).date())

    assert report.runs == 0
    assert stage.downloads() == []
    assert stage.tick(after=15).requests == 1


def test_since_leaves_no_gap_after_a_pause(stage, account):
    stage.tick()
    missed = stage.add("hourly", minutes_ago=-60)

    stage.tick(after=timedelta(days=4), since=(stage.now + timedelta(days=3)).date())

    assert missed.id in stage.archive.entries()


@pytest.mark.parametrize(
    ("setting", "value", "names"),
    [
        ("dbt_cloud_job_ids", company.TESTS.id, {"tests", "queued"}),
        ("dbt_cloud_environment_ids", company.STAGING.id, {"staging", "staging_changed"}),
        ("dbt_cloud_project_ids", 5, set()),
    ],
)
def test_filters_are_applied_here(stage, account, setting, value, names):
    stage.tick(**{setting: (value,)})

    assert {account.runs[run_id].recording.name for run_id in stage.archive.entries()} == names


def test_runs_that_nobody_wants_are_not_listed_again(stage, account):
    for _ in range(3):
        stage.tick(after=15, dbt_cloud_project_ids=(5,))

    assert stage.listed()[0].query["id__gt"] == str(max(account.runs))


def test_wider_filters_start_discovery_again(stage, account):
    stage.tick(dbt_cloud_job_ids=(company.TESTS.id,))

    report = stage.tick(after=15)

    assert set(stage.archive.entries()) == set(account.runs)
    assert report.new_runs == 12


def test_narrower_filters_forget_nothing_and_follow_open_runs_to_their_end(stage, account):
    stage.tick()
    running = account.run("running")
    account.finish(running.id)

    stage.tick(after=15, dbt_cloud_job_ids=(company.TESTS.id,))

    assert len(stage.archive.entries()) == 14
    assert stage.entry(running).is_final
    assert len([r for r in stage.listed() if "created_at__range" in r.query]) == 0


def test_a_very_young_run_is_listed_again_lest_a_lower_id_appears_late(stage, account):
    for name in ("running", "queued"):
        account.finish(account.run(name).id)
    young = stage.add("hourly", minutes_ago=1)
    stage.tick()
    late = stage.add("hourly", minutes_ago=0, run_id=young.id - 1)

    stage.tick(after=1)

    assert late.id in stage.archive.entries()


def test_objects_are_listed_once_a_day(stage, account):
    def listings():
        return [r.path for r in stage.asked if r.path.endswith(("/projects/", "/jobs/"))]

    stage.tick()
    assert len(listings()) == 2
    stage.tick(after=timedelta(hours=23))
    assert listings() == []
    stage.tick(after=timedelta(hours=2))
    assert len(listings()) == 2

    objects = stage.archive.read_account_objects()

    assert [project.name for project in objects.projects] == ["shop"]
    assert len(objects.environments) == 3
    assert sum(job.is_deleted for job in objects.jobs) == 1


def test_an_unknown_id_is_looked_up_once(stage, monkeypatch):
    told = payloads.run

    def told_of_a_new_environment(*args, **more):
        return told(*args, **more) | {"environment_id": 99}

    stage.tick()
    monkeypatch.setattr(payloads, "run", told_of_a_new_environment)
    looked_up: list[bool] = []
    for _ in range(2):
        stage.add("hourly", minutes_ago=-5)
        stage.tick(after=15)
        looked_up.append(any(r.path.endswith("/environments/") for r in stage.asked))

    assert looked_up == [True, False]


def test_progress_ends_at_its_total(stage):
    from sigma_dbt_sync.dbt_cloud import open_client
    from sigma_dbt_sync.sync.extract import extract

    told: list[tuple[str, int, int]] = []
    with open_client(stage.settings()) as client:
        extract(
            client,
            stage.archive,
            stage.settings(),
            now=stage.now,
            progress=lambda *step: told.append(step),
        )

    assert told[-1] == ("fetching runs", 14, 14)
    assert all(done <= total for _, done, total in told)


def test_old_runs_are_pruned_once_a_day_and_not_fetched_again(stage, account):
    account.change_status(account.run("running").id, SUCCESS)
    account.change_status(account.run("queued").id, CANCELLED)
    stage.tick()
    stage.tick(after=timedelta(days=5), archive_keep_days=3)
    kept = set(stage.archive.entries())

    report = stage.tick(after=timedelta(days=1), archive_keep_days=3, dbt_cloud_history_days=60)

    assert kept < set(account.runs)
    assert report.new_runs == 0
    assert set(stage.archive.entries()) <= kept


def test_an_open_run_already_says_what_started_it_and_what_it_will_do(stage, account):
    stage.tick()

    run = stage.entry(account.run("queued")).run
    assert (run.status, run.trigger_category) == (QUEUED, "scheduled")
    assert run.job_execute_steps == ("dbt test",)
