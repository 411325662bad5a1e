"""What data_freshness calls late, on the demo account and on histories made up for it."""

import pytest

from sigma_dbt_sync.demo import company
from sigma_dbt_sync.tables import ALL
from tests.views.made_up import (
    ENVIRONMENT,
    ORDERS,
    executed,
    hours_ago,
    relation,
    row,
    status,
)

HOUR, DAY = 3600, 86400
SOURCE = "source.shop.till.orders"


def built(*hours: float, **fields):
    """Make one build a run, so many hours ago, and where the relation stands after them."""
    results = [executed(run_id, hours=at, **fields) for run_id, at in enumerate(hours, start=1)]
    return [relation(), status(ok_at=hours_ago(min(hours))), *results]


def checked(*, age_hours: float, checked_hours: float = 1, **thresholds):
    """Make a source whose newest row was so old when dbt looked."""
    loaded_at = hours_ago(age_hours + checked_hours)
    looked_at = {"freshness_at": hours_ago(checked_hours), "max_loaded_at": loaded_at}
    return [relation(SOURCE, **thresholds), status(SOURCE, **looked_at)]


def test_the_rhythm_is_the_median_of_the_gaps_and_one_long_gap_does_not_set_it(ask):
    (found,) = ask("data_freshness", *built(300, 100, 76, 52, 28, 4))

    assert found["expected_from"] == "builds"
    assert found["expected_interval_seconds"] == pytest.approx(DAY, abs=1)
    assert found["builds_counted"] == 6
    assert (found["expected_by_at"] - hours_ago(-20)).total_seconds() == pytest.approx(0, abs=2)


def test_only_the_last_twenty_builds_set_the_rhythm(ask):
    hourly = list(range(1, 21))
    (found,) = ask("data_freshness", *built(*hourly, *(20 + 24 * day for day in range(1, 40))))

    assert found["builds_counted"] == 20
    assert found["expected_interval_seconds"] == pytest.approx(HOUR, abs=1)


@pytest.mark.parametrize(
    ("last", "is_late"), [(4, False), (24.4, False), (26, False), (27, True), (70, True)]
)
def test_a_tenth_of_the_interval_is_allowed(ask, last, is_late):
    (found,) = ask("data_freshness", *built(*(last + 24 * day for day in range(5))))

    assert found["is_late"] is is_late
    assert (found["late_seconds"] is not None) is is_late


@pytest.mark.parametrize(("minutes", "is_late"), [(80, False), (95, True)])
def test_and_half_an_hour_at_least(ask, minutes, is_late):
    (found,) = ask("data_freshness", *built(*(minutes / 60 + n for n in range(5))))

    assert found["is_late"] is is_late


def test_a_relation_built_twice_in_each_run_is_built_once(ask):
    twice = [
        executed(run_id, hours=at + again, invocation_id=f"inv-{run_id}-{again}")
        for run_id, at in enumerate((52, 28, 4), start=1)
        for again in (0, 0.1)
    ]
    (found,) = ask("data_freshness", relation(), status(ok_at=hours_ago(4)), *twice)

    assert found["builds_counted"] == 3
    assert found["expected_interval_seconds"] == pytest.approx(DAY, abs=1)


def test_builds_of_every_job_count(ask):
    two_jobs = [executed(run_id, hours=run_id, job_id=1 + run_id % 2) for run_id in range(1, 7)]
    (found,) = ask("data_freshness", relation(), status(ok_at=hours_ago(1)), *two_jobs)

    assert found["expected_interval_seconds"] == pytest.approx(HOUR, abs=1)


@pytest.mark.parametrize(
    "fields",
    [{"status": "error"}, {"status": "skipped"}, {"status": "no-op"}, {"feeds_state": False}],
)
def test_what_built_nothing_sets_no_rhythm(ask, fields):
    idle = [executed(100 + n, hours=n + 0.5, **fields) for n in range(10)]
    (found,) = ask("data_freshness", *built(52, 28, 4), *idle)

    assert found["expected_interval_seconds"] == pytest.approx(DAY, abs=1)


def test_one_build_makes_no_rhythm_and_nothing_late(ask):
    (found,) = ask("data_freshness", *built(500))

    assert (found["expected_interval_seconds"], found["expected_by_at"]) == (None, None)
    assert found["is_late"] is None
    assert found["age_seconds"] == pytest.approx(500 * HOUR, abs=120)


def test_the_age_is_that_of_the_last_good_build_not_of_the_last_attempt(ask):
    failed = status(ok_at=hours_ago(30), attempted_at=hours_ago(1), attempt_status="error")
    (found,) = ask("data_freshness", relation(), failed)

    assert found["last_built_at"] < found["last_attempted_at"]
    assert found["data_as_of"] == found["last_built_at"]
    assert found["age_seconds"] == pytest.approx(30 * HOUR, abs=120)


def test_environments_have_a_rhythm_of_their_own(ask):
    other = ENVIRONMENT + 1
    elsewhere = [
        executed(100 + n, hours=n + 1, environment=other, invocation_id=f"other-{n}")
        for n in range(5)
    ]
    found = ask(
        "data_freshness",
        *built(52, 28, 4),
        relation(environment=other),
        status(environment=other, ok_at=hours_ago(1)),
        *elsewhere,
    )

    rhythm = {one["environment_id"]: one["expected_interval_seconds"] for one in found}
    assert rhythm == {
        ENVIRONMENT: pytest.approx(DAY, abs=1),
        other: pytest.approx(HOUR, abs=1),
    }


def test_a_source_is_expected_by_its_threshold_warning_first(ask):
    both = {"warn_after_seconds": 6 * HOUR, "error_after_seconds": DAY}
    (found,) = ask("data_freshness", *checked(age_hours=2, **both))

    assert (found["expected_from"], found["expected_interval_seconds"]) == ("warn_after", 6 * HOUR)


def test_without_a_warning_the_error_threshold_is_what_is_expected(ask):
    (found,) = ask("data_freshness", *checked(age_hours=30, error_after_seconds=DAY))

    assert (found["expected_from"], found["is_late"]) == ("error_after", True)
    assert found["late_seconds"] == pytest.approx(6 * HOUR, abs=2)


def test_a_source_is_judged_when_dbt_looked_not_now(ask):
    """A check of yesterday says nothing about what was loaded since."""
    (found,) = ask(
        "data_freshness", *checked(age_hours=2, checked_hours=20, warn_after_seconds=6 * HOUR)
    )

    assert found["is_late"] is False
    assert found["judged_at"] == found["freshness_checked_at"] == hours_ago(20)


def test_a_source_without_a_threshold_is_never_late(ask):
    (found,) = ask("data_freshness", *checked(age_hours=999))

    assert found["is_late"] is None


def test_the_session_s_time_zone_moves_nothing(warehouse):
    sql = (
        "SELECT unique_id, expected_by_at, expected_interval_seconds, is_late FROM data_freshness "
        "ORDER BY environment_id, unique_id"
    )
    in_utc = warehouse.execute(sql).fetchall()
    try:
        warehouse.execute("SET TimeZone = 'Asia/Kathmandu'")
        elsewhere = warehouse.execute(sql).fetchall()
    finally:
        warehouse.execute("SET TimeZone = 'UTC'")

    assert elsewhere == in_utc
    assert all(by is None or interval for _, by, interval, _ in in_utc)


def test_expected_by_is_the_data_s_time_plus_the_interval(rows):
    odd = rows(
        "SELECT unique_id FROM data_freshness WHERE abs(date_diff('millisecond', data_as_of, "
        "expected_by_at) / 1000 - expected_interval_seconds) > 2"
    )
    assert odd == []


def test_the_late_sources_of_the_story_are_those_dbt_warned_about(rows):
    late = rows("SELECT unique_id FROM data_freshness WHERE is_late AND resource_type = 'source'")
    told = rows(
        "SELECT unique_id FROM dbt_node_status WHERE freshness_status_group IN ('warn', 'bad')"
    )

    assert {found["unique_id"] for found in late} == {found["unique_id"] for found in told}
    assert len(late) == 2


def test_there_is_a_row_for_every_row_of_the_tab(rows):
    assert rows("SELECT node_key FROM data_freshness ORDER BY 1") == rows(
        "SELECT node_key FROM dbt_tab ORDER BY 1"
    )


def test_the_story_s_hourly_job_quickens_what_it_builds(rows):
    found = rows(
        "SELECT unique_id, builds_counted FROM data_freshness WHERE environment_id = ?",
        company.PRODUCTION.id,
    )
    counted = {one["unique_id"]: one["builds_counted"] for one in found}

    assert counted["model.shop.stg_payments"] == counted["model.shop.stg_orders"] + 1


def test_every_time_is_of_the_row_it_stands_in(ask):
    """metadata_as_of tells how old the facts are, per environment."""
    (environments,) = [table for table in ALL if table.name == "dbt_environments"]
    seen = row(environments, metadata_as_of=hours_ago(0), is_production=True, name="Production")
    (found,) = ask("data_freshness", seen, *built(4), where=f"unique_id = '{ORDERS}'")

    assert (found["metadata_as_of"], found["is_production"]) == (hours_ago(0), True)
