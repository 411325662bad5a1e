"""sources.json to rows."""

from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.artifacts.sources import read_sources
from sigma_dbt_sync.normalize.freshness import freshness_rows
from tests.builders import context, minutes, sources

SESSIONS = "source.shop.web.sessions"
CRITERIA = {
    "warn_after": {"count": 12, "period": "hour"},
    "error_after": {"count": None, "period": None},
}


def check(status="pass", **fields):
    return {"unique_id": SESSIONS, "status": status, **fields}


def row(result, *, run=None, names=None):
    read = read_sources(sources(result))
    (made,) = freshness_rows(read, run or context(), 4, names or {})
    return made


def test_a_check_becomes_a_row():
    made = row(
        check(
            max_loaded_at="2026-03-01T06:00:00Z",
            snapshotted_at="2026-03-01T12:00:00Z",
            max_loaded_at_time_ago_in_s=21600.0,
            criteria=CRITERIA,
        ),
        names={SESSIONS: '"shop"."web"."sessions"'},
    )

    assert made.max_loaded_at == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert made.snapshotted_at == minutes(0)
    assert (made.warn_after_seconds, made.error_after_seconds) == (43200, None)
    assert (made.relation_name, made.invocation_id) == ('"shop"."web"."sessions"', "freshness-1")
    assert (made.run_id, made.step_index, made.age_seconds) == (1, 4, 21600.0)


@pytest.mark.parametrize(
    ("told", "status", "group"),
    [
        ("Pass", "pass", "ok"),
        ("Warn", "warn", "warn"),
        ("Error", "error", "bad"),
        ("runtime error", "runtime error", "bad"),
    ],
)
def test_fusion_writes_its_statuses_with_a_capital(told, status, group):
    made = row(check(told))

    assert (made.status, made.status_group) == (status, group)


def test_a_source_without_a_table_keeps_its_error():
    made = row(check("runtime error", error="\x1b[31mno such table\x1b[0m"))

    assert made.message == "no such table"
    assert made.max_loaded_at is None


def test_a_source_that_was_never_loaded_has_no_newest_row():
    assert row(check(max_loaded_at="0001-01-01T00:00:00+00:00")).max_loaded_at is None


def test_a_check_without_a_time_was_made_when_the_file_was_written():
    assert row(check()).snapshotted_at == minutes(5)


def test_a_check_of_a_file_without_a_time_was_made_when_the_run_ended():
    read = read_sources(sources(check(), metadata={}))
    (made,) = freshness_rows(read, context(), 4, {})

    assert made.snapshotted_at == minutes(30)
    assert made.invocation_id == "1/4"


def test_a_cancelled_run_counts_no_stale_source():
    assert not row(check("error"), run=context(status=30)).feeds_state
    assert row(check("pass"), run=context(status=30)).feeds_state
