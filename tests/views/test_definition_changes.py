"""What definition_changes says about a change and what came of it."""

import json

import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.demo import company
from tests.views.made_up import ENVIRONMENT, ORDERS, executed, hours_ago, key, relation, row, run

PRODUCTION = company.PRODUCTION.id


def test_the_changes_of_a_night_are_what_differs_between_two_manifests(rows, account):
    """Descriptions compared with plain json, in the manifests of the run and of the one before."""

    def descriptions(name):
        run = account.run(name)
        manifest = json.loads(run.artifact("manifest.json", 5))
        return {
            (uid, column.lower()): text
            for uid, node in (manifest["nodes"] | manifest["sources"]).items()
            if uid.split(".")[0] in ("model", "seed", "snapshot", "source")
            for column, text in [
                ("", node["description"]),
                *((name, c["description"]) for name, c in node["columns"].items()),
            ]
        }

    before, after = descriptions("baseline"), descriptions("descriptions")
    expected = {
        place: (before.get(place), text)
        for place, text in after.items()
        if before.get(place) != text
    }
    found = rows(
        "SELECT * FROM definition_changes WHERE run_id = ? AND changed_fields = 'description'",
        account.run("descriptions").id,
    )
    told = {
        (one["unique_id"], one["column_key"]): (one["description_before"], one["description_after"])
        for one in found
    }

    assert told == expected
    assert len(told) >= 5


def test_a_change_names_its_commit_its_branch_and_its_run(rows, account):
    run = account.run("descriptions")
    found = rows(
        "SELECT DISTINCT git_sha, git_branch, run_status, job_name FROM definition_changes "
        "WHERE run_id = ?",
        run.id,
    )

    assert found == [
        {
            "git_sha": run.recording.git_sha,
            "git_branch": run.recording.git_branch,
            "run_status": "success",
            "job_name": company.DAILY.name,
        }
    ]


def test_the_next_result_of_a_bad_change_is_its_failure(rows, account):
    (found,) = rows(
        "SELECT * FROM definition_changes WHERE environment_id = ? AND NOT is_baseline "
        "AND unique_id = 'model.shop.order_items'",
        PRODUCTION,
    )

    assert found["changed_fields"] == "raw_code"
    assert (found["next_status"], found["next_run_id"]) == ("error", account.run("tonight").id)


def test_a_change_that_was_not_reached_was_skipped(rows, account):
    """The cancelled run brought it and left it undone; the night after skipped it."""
    (found,) = rows(
        "SELECT * FROM definition_changes WHERE run_id = ? AND unique_id = ?",
        account.run("cancelled").id,
        "model.shop.best_sellers",
    )

    assert (found["next_status"], found["next_run_id"]) == ("skipped", account.run("tonight").id)


def test_the_first_sight_of_a_project_is_no_change(rows, account):
    baseline = rows("SELECT DISTINCT run_id FROM definition_changes WHERE is_baseline ORDER BY 1")

    assert [one["run_id"] for one in baseline] == [
        account.run("baseline").id,
        account.run("staging").id,
    ]
    assert rows("SELECT DISTINCT change_kind AS k FROM definition_changes WHERE is_baseline") == [
        {"k": "added"}
    ]


def test_a_pull_request_changes_nothing(rows, account):
    ci = account.run("pull_request").id

    assert (
        rows("SELECT * FROM definition_changes WHERE run_id = ? OR next_run_id = ?", ci, ci) == []
    )


def version(run_id: int, hours: float, kind="changed", **fields):
    made = {"unique_id": ORDERS, "name": "orders", "node_key": key(ORDERS), "run_id": run_id}
    moment = {"valid_from": hours_ago(hours), "change_kind": kind, "resource_type": "model"}
    return row(tables.DBT_NODE_VERSIONS, **made | moment | fields)


@pytest.fixture
def changes(ask):
    def of(*rows):
        found = ask("definition_changes", relation(), *rows)
        return {(one["run_id"], one["column_key"]): one for one in found}

    return of


def test_the_next_result_is_the_first_one_not_the_newest(changes):
    found = changes(
        *(run(n, hours=10 - n) for n in (1, 2, 3)),
        version(1, 9),
        executed(1, "error", hours=8.9),
        executed(2, "success", hours=7.9),
        executed(3, "success", hours=6.9),
    )

    assert (found[1, ""]["next_status"], found[1, ""]["next_run_id"]) == ("error", 1)


def test_a_run_that_began_before_the_change_says_nothing_about_it(changes):
    """A long run of the old commit ends after a quick one of the new commit has begun."""
    found = changes(
        run(1, hours=12),
        run(2, hours=9),
        version(2, 9),
        executed(1, "success", hours=8.9),
        executed(2, "error", hours=8.5),
    )

    assert (found[2, ""]["next_status"], found[2, ""]["next_run_id"]) == ("error", 2)


def test_a_run_that_feeds_no_state_is_passed_over(changes):
    found = changes(
        run(1, hours=9),
        run(2, hours=8),
        version(1, 9),
        executed(1, "error", hours=8.5, feeds_state=False),
        executed(2, hours=7.5),
    )

    assert found[1, ""]["next_run_id"] == 2


def test_what_has_not_run_since_has_no_next_result(changes):
    found = changes(run(1, hours=9), version(1, 9), executed(1, hours=30))

    assert found[1, ""]["next_status"] is None


def test_before_and_after_are_one_column_s(changes):
    def column(run_id, hours, name, text, kind="changed"):
        made = {"unique_id": ORDERS, "node_key": key(ORDERS), "column_key": name}
        moment = {"run_id": run_id, "valid_from": hours_ago(hours), "change_kind": kind}
        return row(tables.DBT_COLUMN_VERSIONS, description=text, **made | moment)

    found = changes(
        version(1, 9, "added"),
        column(1, 9, "id", "Old.", "added"),
        column(1, 9, "price", "Euro.", "added"),
        column(2, 5, "id", "New."),
        column(3, 2, "price", "Euro.", "removed"),
    )

    assert (found[2, "id"]["description_before"], found[2, "id"]["description_after"]) == (
        "Old.",
        "New.",
    )
    assert (found[3, "price"]["description_before"], found[3, "price"]["description_after"]) == (
        "Euro.",
        None,
    )
    assert found[2, "id"]["model_name"] == "orders"
    assert {one: row["is_baseline"] for one, row in found.items()} == {
        (1, ""): True,
        (1, "id"): True,
        (1, "price"): True,
        (2, "id"): False,
        (3, "price"): False,
    }


def test_the_same_model_of_another_environment_has_its_own_results(changes):
    other = ENVIRONMENT + 1
    found = changes(
        run(1, hours=9),
        run(2, hours=8),
        version(1, 9),
        executed(2, "error", hours=7, environment=other),
    )

    assert found[1, ""]["next_status"] is None


def test_a_model_that_is_added_later_is_a_change(changes):
    new = {"unique_id": "model.shop.new", "name": "new"}
    found = changes(version(1, 9, "added"), version(2, 5, "added", **new))

    assert (found[1, ""]["is_baseline"], found[2, ""]["is_baseline"]) == (True, False)
