"""sources.json: how fresh each source was."""

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
