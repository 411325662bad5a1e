"""What the recorder does around dbt, with a shell script in dbt's place."""

import json

import pytest

from sigma_dbt_sync.demo.dbt_steps import NEUTRAL_PLACE, Checkout
from sigma_dbt_sync.demo.plot import CANCELLED, ERROR, SUCCESS, WEEK
from sigma_dbt_sync.demo.story import FOLDER, keep_blob, read_blob, read_story

DBT = """#!/bin/sh
FILE=target/manifest.json
trap 'echo interrupted; exit 2' INT
case "$1" in
  build) mkdir target; printf '{"root_path": "%s", "run": "%s"}' "$PWD" "$RUN" > $FILE;;
  fail) echo "12:00:01  in $PWD"; exit 1;;
  slow) echo "12:00:02  START orders"; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1; done;;
esac
"""


@pytest.fixture
def dbt(tmp_path):
    script = tmp_path / "dbt"
    script.write_text(DBT)
    script.chmod(0o755)
    return script


@pytest.fixture
def checkout(tmp_path):
    def make(*changes):
        for name, text in {"project/a.sql": "a", "project/b.sql": "b", "change/b.sql": "B"}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        folders = [tmp_path / name for name in changes]
        return Checkout(tmp_path / "shop", project=tmp_path / "project", changes=folders)

    return make


def test_a_change_replaces_only_its_own_files(checkout):
    place = checkout("change").place

    assert {path.name: path.read_text() for path in place.iterdir()} == {"a.sql": "a", "b.sql": "B"}


def test_every_state_of_the_project_has_its_own_sha(checkout):
    before, after, again = checkout().git_sha, checkout("change").git_sha, checkout().git_sha

    assert before == again != after
    assert len(before) == 40


def test_artifacts_name_a_neutral_place_and_are_otherwise_as_written(checkout, dbt):
    project = checkout()
    ended = project.run(dbt, "dbt build", env={"RUN": "7", "PATH": "/usr/bin:/bin"})

    assert ended.status == SUCCESS
    assert json.loads(project.artifacts()["manifest.json"]) == {
        "root_path": NEUTRAL_PLACE,
        "run": "7",
    }


def test_logs_are_kept_without_clock_and_place(checkout, dbt):
    ended = checkout().run(dbt, "dbt fail", env={"PATH": "/usr/bin:/bin"})

    assert ended.status == ERROR
    assert ended.logs == f"in {NEUTRAL_PLACE}\n"


def test_a_command_is_cancelled_when_its_log_says_the_word(checkout, dbt):
    ended = checkout().run(
        dbt, "dbt slow", env={"PATH": "/usr/bin:/bin"}, cancel_when="START orders"
    )

    assert ended.status == CANCELLED
    assert (ended.finished_at - ended.started_at).total_seconds() < 8


def test_a_blob_is_stored_once_and_read_back(tmp_path):
    names = {keep_blob(tmp_path, b"text"), keep_blob(tmp_path, b"text")}

    assert len(names) == len(list(tmp_path.iterdir())) == 1
    assert read_blob(tmp_path, names.pop()) == b"text"


def test_the_recording_is_the_one_the_plot_asks_for():
    assert [(run.run_id, run.name, run.status) for run in read_story()] == [
        (chapter.run_id, chapter.name, chapter.status) for chapter in WEEK
    ]


def test_the_recording_holds_every_blob_it_names_and_no_other():
    named = {
        found.blob
        for run in read_story()
        for step in run.steps
        for found in step.artifacts.values()
    }

    assert {path.stem for path in FOLDER.glob("*.zst")} == named


def test_the_recording_fits_into_a_repository():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4_000_000
