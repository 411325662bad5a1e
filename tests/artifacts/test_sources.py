"""sources.json: how fresh each source was."""

import pytest
from msgspec import json

from sigma_dbt_sync.artifacts.sources import read_sources
from tests.builders import sources

SESSIONS = "source.shop.web.sessions"


def test_a_result_is_read_with_its_thresholds():
    told = read_sources(
        sources(
            {
                "unique_id": SESSIONS,
                "status": "warn",
                "max_loaded_at": "2026-03-01T06:00:00Z",
                "snapshotted_at": "2026-03-01T12:00:00Z",
                "max_loaded_at_time_ago_in_s": 21600.0,
                "criteria": {
                    "warn_after": {"count": 4, "period": "hour"},
                    "error_after": {"count": None, "period": None},
                    "filter": None,
                },
            }
        )
    ).results[0]

    assert (told.status, told.max_loaded_at_time_ago_in_s) == ("warn", 21600.0)
    assert (told.criteria.warn_after.count, told.criteria.error_after.count) == (4, None)


def test_a_source_without_a_table_has_only_an_error():
    told = read_sources(
        sources({"unique_id": SESSIONS, "status": "runtime error", "error": "no such table"})
    ).results[0]

    assert (told.status, told.error, told.criteria) == ("runtime error", "no such table", None)


def of_version(version, *results):
    """No real file of v1 or v2 is known; these have the fields that dbt's schemas list."""
    schema = f"https://schemas.getdbt.com/dbt/sources/v{version}.json"
    metadata = {"dbt_schema_version": schema, "dbt_version": "0.19.1", "env": {}}
    return json.encode({"metadata": metadata, "results": results, "elapsed_time": 0.7})


@pytest.mark.parametrize("version", [1, 2])
def test_earlier_versions_tell_the_same(version):
    """v1 has neither execution time nor thread, and v2 no filter in its criteria."""
    later = {"execution_time": 0.2, "thread_id": "Thread-1", "timing": []}
    result = {
        "unique_id": SESSIONS,
        "status": "pass",
        "max_loaded_at": "2021-03-01T06:00:00Z",
        "snapshotted_at": "2021-03-01T12:00:00Z",
        "max_loaded_at_time_ago_in_s": 21600.0,
        "criteria": {"warn_after": {"count": 12, "period": "hour"}, "error_after": None},
        "adapter_response": {},
    }
    failed = {"unique_id": f"{SESSIONS}_old", "status": "runtime error", "error": None}
    data = of_version(version, result | (later if version > 1 else {}), failed)
    told, without_table = read_sources(data).results

    assert (told.status, told.criteria.warn_after.count) == ("pass", 12)
    assert told.execution_time == (0.2 if version > 1 else None)
    assert (without_table.status, without_table.max_loaded_at) == ("runtime error", None)
