"""What slowest_models calls slower and flaky_tests calls flaky."""

import pytest

from sigma_dbt_sync import tables
from tests.views.made_up import ENVIRONMENT, ORDERS, executed, hours_ago, key, relation, row, run

TEST = "test.shop.unique_orders_id"


def built(*seconds: float, **fields):
    """Make one build an hour, the newest first, that took so many seconds."""
    return [
        executed(n, hours=n, execution_seconds=took, **fields)
        for n, took in enumerate(seconds, start=1)
    ]


def speed(ask, *rows):
    (found,) = ask("slowest_models", relation(), *rows)
    return found


def test_thirty_builds_are_compared_with_the_thirty_before(ask):
    found = speed(ask, *built(*[6] * 30, *[3] * 30, *[99] * 10))

    assert (found["executions"], found["seconds_p50"], found["seconds_total"]) == (30, 6, 180)
    assert (found["previous_executions"], found["previous_seconds_p50"]) == (30, 3)
    assert (found["slowdown"], found["is_slower"]) == (2, True)


def test_the_slow_end_is_told_apart_from_the_middle(ask):
    found = speed(ask, *built(*range(1, 22)))

    assert (found["seconds_p50"], found["seconds_p95"], found["last_seconds"]) == (11, 20, 1)


@pytest.mark.parametrize(("now", "slower"), [(60, False), (61, True)])
def test_a_fifth_more_than_before_is_slower(ask, now, slower):
    assert speed(ask, *built(*[now] * 30, *[50] * 30))["is_slower"] is slower


def test_too_few_builds_say_nothing(ask):
    found = speed(ask, *built(*[9] * 30, *[1] * 4))

    assert (found["previous_executions"], found["is_slower"]) == (4, None)


@pytest.mark.parametrize(
    "fields",
    [{"status": "error"}, {"status": "skipped"}, {"feeds_state": False}, {"status": "no-op"}],
)
def test_only_good_builds_count(ask, fields):
    other = [executed(100 + n, hours=n, execution_seconds=0.1, **fields) for n in range(40)]
    found = speed(ask, *other, *built(*[5] * 6))

    assert (found["executions"], found["seconds_p50"]) == (6, 5)


def test_the_rows_are_those_of_the_newest_build(ask):
    found = speed(
        ask,
        *built(1, rows_affected=5),
        executed(7, hours=9, rows_affected=900, execution_seconds=1),
    )

    assert found["rows_affected"] == 5


def test_each_environment_has_its_slowest(ask):
    other, quick = ENVIRONMENT + 1, "model.shop.quick"
    found = ask(
        "slowest_models",
        relation(),
        relation(quick),
        relation(environment=other),
        *built(9),
        *built(1, unique_id=quick),
        executed(50, environment=other, execution_seconds=2),
    )
    places = {one["node_key"]: one["slowest_place"] for one in found}

    assert places == {key(ORDERS): 1, key(quick): 2, key(ORDERS, other): 1}


def test_the_story_s_models_are_timed_by_their_good_builds(rows):
    found = rows("SELECT unique_id, executions, seconds_p50 FROM slowest_models")
    counted = rows(
        "SELECT count(*) AS n FROM dbt_node_executions WHERE feeds_state AND status = 'success' "
        "AND resource_type IN ('model', 'seed', 'snapshot')"
    )

    assert sum(one["executions"] for one in found) == counted[0]["n"]
    assert all(one["seconds_p50"] > 0 for one in found)


def results(outcomes: str, *, commits: str = "", **fields):
    """Make one result an hour, the oldest first: p pass, w warn, f fail, s skipped."""
    words = {"p": "pass", "w": "warn", "f": "fail", "s": "skipped"}
    made = []
    for n, letter in enumerate(outcomes):
        made.append(executed(n, words[letter], hours=len(outcomes) - n, unique_id=TEST, **fields))
        made.append(run(n, git_sha=commits[n] if commits else str(n)))
    return made


def flaky(ask, *rows):
    place = {"test_unique_id": TEST, "target_unique_id": ORDERS, "role": "tested"}
    return ask(
        "flaky_tests",
        relation(),
        row(tables.DBT_TESTS, test_unique_id=TEST, name="unique_orders_id", node_key=key(TEST)),
        row(tables.DBT_TEST_TARGETS, node_key=key(ORDERS), column_key="id", **place),
        *rows,
    )


@pytest.mark.parametrize(
    ("outcomes", "flips", "is_flaky"),
    [
        ("ppf", 1, False),
        ("ppfp", 2, True),
        ("pfpfp", 4, True),
        ("pwpp", 2, True),
        ("ffp", 1, False),
    ],
)
def test_flips_are_changes_between_neighbours(ask, outcomes, flips, is_flaky):
    (found,) = flaky(ask, *results(outcomes))

    assert (found["flips"], found["is_flaky"]) == (flips, is_flaky)
    assert found["results"] == len(outcomes)


@pytest.mark.parametrize("outcomes", ["pppp", "ffff", "p"])
def test_a_test_that_is_always_the_same_is_not_listed(ask, outcomes):
    assert flaky(ask, *results(outcomes)) == []


def test_a_skip_is_no_outcome(ask):
    assert flaky(ask, *results("pspsp")) == []


def test_what_is_older_than_thirty_results_is_forgotten(ask):
    assert flaky(ask, *results("fpfp" + "p" * 29)) == []


def test_a_pull_request_s_failures_are_its_own(ask):
    on_branch = [
        executed(100 + n, "fail", hours=n + 0.5, unique_id=TEST, feeds_state=False)
        for n in range(3)
    ]
    assert flaky(ask, *results("pppp"), *on_branch) == []


def test_a_flip_without_a_new_commit_is_not_the_project_s_doing(ask):
    (found,) = flaky(ask, *results("pfpp", commits="aabb"))

    assert (found["flips"], found["flips_same_commit"]) == (2, 1)


def test_it_says_how_it_ended_and_where_it_belongs(ask):
    (found,) = flaky(ask, *results("pfpf"))

    assert (found["last_status"], found["results_passed"], found["results_failed"]) == (
        "fail",
        2,
        2,
    )
    assert found["last_at"] == found["last_flip_at"] == hours_ago(1)
    assert (found["node_key"], found["model_name"]) == (key(ORDERS), "orders")
    assert float(found["flip_percent"]) == 100


def test_it_belongs_to_what_it_judges_not_to_what_it_refers_to(ask):
    customers = "model.shop.customers"  # comes before the orders in the alphabet
    place = {"test_unique_id": TEST, "target_unique_id": customers, "role": "referenced"}
    other = row(tables.DBT_TEST_TARGETS, node_key=key(customers), column_key="id", **place)
    (found,) = flaky(ask, relation(customers), other, *results("pf"))

    assert found["model_name"] == "orders"


def test_in_the_story_one_test_has_turned_once(rows):
    (found,) = rows("SELECT * FROM flaky_tests")

    assert found["test_name"] == "not_null_customers_v2_email"
    assert (found["flips"], found["is_flaky"], found["last_status"]) == (1, False, "fail")
