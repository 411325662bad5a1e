"""What data_quality counts: against the artifacts themselves, and on rows made up for its rules."""

import json
from collections import defaultdict

import pytest

from sigma_dbt_sync.demo import company
from tests.views import by_hand
from tests.views.made_up import ORDERS, data_test, hours_ago, relation


def results(account):
    """Every run_results.json a step wrote, oldest first: environment, document, its manifest."""
    for run in sorted(account.runs.values(), key=lambda run: run.created_at):
        environment = company.job(run.recording.job_id).environment
        for step in run.steps:
            written = step.artifacts.get("run_results.json")
            content = run.artifact("run_results.json", step.index)
            if environment is not company.CI and content and written.written:
                manifest = json.loads(run.artifact("manifest.json", step.index))
                yield environment.id, json.loads(content), manifest


@pytest.fixture
def expected(account):
    """(environment, unique_id) to how many tests ended how, from the artifacts with plain json."""
    documents, manifests = defaultdict(list), {}
    for environment, document, manifest in results(account):
        documents[environment].append(document)
        manifests[environment] = manifest
    return {
        (environment, uid): counts
        for environment, manifest in manifests.items()
        for uid, counts in by_hand.tested(
            manifest, by_hand.last_results(documents[environment])
        ).items()
    }


def test_the_counts_are_those_of_the_artifacts(rows, expected):
    found = {
        (row["environment_id"], row["unique_id"]): {
            name: row[f"tests_{name}"]
            for name in ("passing", "warning", "failing", "never_run")
            if row[f"tests_{name}"]
        }
        for row in rows("SELECT * FROM data_quality WHERE tests_total > 0")
    }

    assert found == {place: dict(counts) for place, counts in expected.items()}
    assert sum(sum(counts.values()) for counts in found.values()) > 70


def test_the_total_is_that_of_the_tab(rows):
    assert rows("SELECT node_key, tests_total, tests_failing FROM data_quality ORDER BY 1") == rows(
        "SELECT node_key, tests_total, tests_failing FROM dbt_tab ORDER BY 1"
    )


def test_the_outcomes_add_up(rows):
    assert (
        rows(
            "SELECT * FROM data_quality WHERE tests_total <> "
            "tests_passing + tests_warning + tests_failing + tests_never_run"
        )
        == []
    )


def test_tonight_s_failure_names_its_test_its_column_and_its_rows(rows, account):
    (found,) = rows("SELECT * FROM data_quality WHERE tests_failing > 0")

    assert found["unique_id"] == "model.shop.customers.v2"
    assert found["worst_test_name"] == "not_null_customers_v2_email"
    assert (found["worst_test_column"], found["worst_test_status"]) == ("email", "fail")
    assert found["failing_rows"] == found["worst_test_rows"] == 2
    assert found["failures_relation"].endswith('"not_null_customers_v2_email"')
    assert found["is_green"] is False
    began = account.run("tonight").started_at
    assert found["last_green_at"] < began < found["failing_since_at"]


def quality(ask, *tests):
    (found,) = ask(
        "data_quality",
        relation(),
        *(part for test in tests for part in test),
        where=f"unique_id = '{ORDERS}'",
    )
    return found


def test_green_is_as_old_as_the_newest_proof(ask):
    found = quality(ask, data_test("a", "ok", ran=5, passed=5), data_test("b", "ok", passed=1))

    assert found["is_green"] is True
    assert found["last_green_at"] == hours_ago(1)


def test_not_green_since_the_first_of_those_that_fail_now(ask):
    found = quality(
        ask,
        data_test("a", "bad", passed=20, failing=19),
        data_test("b", "bad", passed=50, failing=49),
        data_test("c", "ok", passed=1),
    )

    assert found["last_green_at"] == hours_ago(50)
    assert found["failing_since_at"] == hours_ago(49)
    assert found["worst_test_name"] == "b"
    assert found["seconds_since_green"] == pytest.approx(50 * 3600, abs=120)
    assert found["failing_seconds"] == pytest.approx(49 * 3600, abs=120)


def test_a_warning_is_not_green_but_does_not_fail(ask):
    found = quality(ask, data_test("a", "warn", passed=9), data_test("b", "ok", passed=1))

    assert found["is_green"] is False
    assert (found["last_green_at"], found["failing_since_at"]) == (hours_ago(9), None)
    assert found["worst_test_name"] == "a"


def test_what_never_passed_was_never_green(ask):
    found = quality(ask, data_test("a", "bad", failing=3), data_test("b", "bad", passed=9))

    assert (found["is_green"], found["last_green_at"]) == (False, None)


def test_a_failure_is_worse_than_a_warning_however_old(ask):
    found = quality(ask, data_test("a", "warn", passed=900), data_test("b", "bad", passed=2))

    assert found["worst_test_name"] == "b"


def test_a_test_that_never_ran_is_no_proof_of_anything(ask):
    found = quality(ask, data_test("a", None), data_test("b", "ok", passed=1))

    assert (found["tests_total"], found["tests_never_run"]) == (2, 1)
    assert (found["is_green"], found["passing_percent"]) == (True, 100.0)
    nothing_ran = quality(ask, data_test("b", None), data_test("a", None))
    assert (nothing_ran["is_green"], nothing_ran["passing_percent"]) == (None, None)


def test_the_other_side_of_a_relationship_is_not_judged(ask):
    found = quality(ask, data_test("a", "bad", target={"role": "referenced"}))

    assert (found["tests_total"], found["is_green"]) == (0, None)


def test_a_test_of_two_columns_counts_once(ask):
    twice = [*data_test("a", "bad", failing=2, attempt_failures=3)]
    twice += data_test("a", "bad", failing=2, attempt_failures=3, target={"column_key": "id"})[1:2]
    warned = data_test("b", "warn", attempt_failures=40)
    found = quality(ask, twice, warned)

    assert (found["tests_total"], found["tests_failing"], found["failing_rows"]) == (2, 1, 3)
