"""A real dbt Cloud account, read with a real token. Skipped unless both are named.

    DBT_CLOUD_API_HOST=… DBT_CLOUD_SERVICE_TOKEN=… python -m pytest -m dbt_cloud

Nothing is written but a folder of the test's own. DBT_CLOUD_ACCOUNT_ID and the filters count too,
and DBT_CLOUD_HISTORY_DAYS (here 3) says how much is read.
"""

import os
from datetime import UTC, datetime

import duckdb
import pytest

from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync import run_sync

UNSET = [
    name for name in ("DBT_CLOUD_API_HOST", "DBT_CLOUD_SERVICE_TOKEN") if not os.environ.get(name)
]
pytestmark = [
    pytest.mark.dbt_cloud,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(UNSET), reason=f"not set: {', '.join(UNSET)}"),
]


def now():
    return datetime.now(UTC)


def test_what_ran_lately_becomes_tables_and_a_second_sync_fetches_no_run_twice(tmp_path):
    settings = Settings(
        _env_file=None,
        archive_url=str(tmp_path / "archive"),
        duckdb_path=tmp_path / "warehouse.duckdb",
        dbt_cloud_history_days=int(os.environ.get("DBT_CLOUD_HISTORY_DAYS", "3")),
    )
    first = run_sync(settings, clock=now)
    second = run_sync(settings, clock=now)
    with duckdb.connect(settings.duckdb_path, read_only=True) as con:
        runs, read, unreadable = con.execute(
            "SELECT (SELECT count(*) FROM dbt_metadata.dbt_runs), "
            "count(*) FILTER (state = 'found'), count(*) FILTER (state = 'unreadable') "
            "FROM dbt_metadata.sync_artifacts"
        ).fetchall()[0]

    assert first.loaded.runs_loaded == runs > 0
    assert (read > 0, unreadable) == (True, 0)
    assert second.extracted.artifacts_found <= first.extracted.artifacts_found
    assert second.extracted.new_runs < first.extracted.new_runs
