"""Values that dbt versions and adapters write differently are read as one."""

from datetime import UTC, datetime

import pytest
from msgspec import Raw

from sigma_dbt_sync.artifacts.values import (
    canonical,
    instant,
    json_object,
    plain,
    seconds,
    status_group,
    whole_number,
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T06:12:30.250000Z",
        "2026-03-01T06:12:30.250000+00:00",
        "2026-03-01T06:12:30.250000",
        "2026-03-01 06:12:30.25",
        "2026-03-01T06:12:30.250000999Z",
        "2026-03-01T07:12:30.25+01:00",
        "2026-03-01 06:12:30.25UTC",
        "2026-03-01 06:12:30.25 UTC",
    ],
)
def test_every_way_to_write_a_time_is_the_same_time_in_utc(text):
    assert instant(text) == datetime(2026, 3, 1, 6, 12, 30, 250000, tzinfo=UTC)
    assert instant(text).tzinfo is UTC


def test_snowflakes_catalog_tells_minutes_and_appends_utc():
    assert instant("2021-05-06 18:23UTC") == datetime(2021, 5, 6, 18, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [None, "", "0001-01-01T00:00:00+00:00", "never", "1704067200", "UTC", "2026-13-01T00:00:00Z"],
)
def test_what_is_no_real_time_is_none(text):
    assert instant(text) is None


def test_a_time_beyond_the_calendar_is_none():
    """Shifted to UTC, this one lies in the year 10000."""
    assert instant("9999-12-31T23:59:59-05:00") is None


@pytest.mark.parametrize(
    ("status", "group"),
    [
        ("success", "ok"),
        ("pass", "ok"),
        ("no-op", "ok"),
        ("reused", "ok"),
        ("warn", "warn"),
        ("partial success", "warn"),
        ("error", "bad"),
        ("fail", "bad"),
        ("runtime error", "bad"),
        ("skipped", "skipped"),
        ("a status of next year", "other"),
        ("", "other"),
    ],
)
def test_statuses_fall_into_five_groups(status, group):
    assert status_group(status) == group


def test_equal_json_gives_equal_text():
    one, other = Raw(b'{"b": [1, 2],  "a": null}'), Raw(b'{"a":null,"b":[1,2]}')

    assert canonical(one) == canonical(other) == '{"a":null,"b":[1,2]}'


@pytest.mark.parametrize("block", [None, Raw(b""), Raw(b"null")])
def test_null_and_absence_have_no_text(block):
    assert canonical(block) is None


@pytest.mark.parametrize("block", [b"{}", b"[]"])
def test_an_empty_block_is_something(block):
    assert canonical(Raw(block)) == block.decode()


@pytest.mark.parametrize("block", [b'{"a": "\xff"}', b"1e400", b'{"a": "\\ud800"}', b"{"])
def test_a_damaged_block_is_none_and_not_the_end_of_the_sync(block):
    """Blocks are skipped while their file is decoded, so damage shows only here."""
    assert canonical(Raw(block)) is None
    assert plain(Raw(block)) is None
    assert json_object(Raw(block)) == {}


@pytest.mark.parametrize("block", [b"[1]", "null", '"text"', None, 5])
def test_what_is_no_object_counts_as_an_empty_one(block):
    assert json_object(block) == {}


def test_an_object_is_read_whatever_form_it_has():
    assert json_object(Raw(b'{"a":1}')) == json_object('{"a":1}') == json_object({"a": 1})


@pytest.mark.parametrize(
    ("told", "number"), [(5, 5), (0, 0), ("12", 12), (3.0, 3), (2**63 - 1, 2**63 - 1)]
)
def test_a_count_is_read_from_whatever_an_adapter_writes(told, number):
    assert whole_number(told) == number


@pytest.mark.parametrize(
    "told", [None, True, -1, "SUCCESS", "1.2 GiB", 2**63, 1e300, float("inf"), [], {}]
)
def test_what_counts_nothing_is_none(told):
    assert whole_number(told) is None


@pytest.mark.parametrize(
    ("count", "period", "expected"),
    [(90, "minute", 5400), (12, "hour", 43200), (2, "day", 172800), (0, "day", 0)],
)
def test_thresholds_become_seconds(count, period, expected):
    assert seconds(count, period) == expected


@pytest.mark.parametrize(("count", "period"), [(None, "hour"), (1, None), (1, "fortnight")])
def test_half_a_threshold_is_none(count, period):
    assert seconds(count, period) is None
