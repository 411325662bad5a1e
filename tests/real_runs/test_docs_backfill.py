"""History that is loaded later tells Sigma nothing: what it shows was there when we came."""

import pytest

from sigma_dbt_sync.sync import waiting
from sigma_dbt_sync.warehouse.duckdb import DuckDB

PROGRESS = "SELECT DISTINCT state FROM dbt_doc_changes WHERE is_persisted"


def to_send(library):
    """Tables that a delivery would sync now."""
    settings = library.settings(
        sigma_api_host="https://sigma.example.com",
        sigma_client_id="id",
        sigma_client_secret="secret",
        sigma_connection="Library",
    )
    warehouse = DuckDB(settings.duckdb_path)
    found = waiting(warehouse, settings, clock=lambda: library.now)
    warehouse.close()
    return sorted(request.relation.path[-1] for request in found.free)


@pytest.fixture
def met_when_documented(library):
    """A deployment that met the library after its descriptions had changed."""
    library.happen("first", days=40)
    library.happen("documented", hours=5)
    library.sync()
    assert library.query("SELECT count(*) FROM dbt_runs") == [(1,)]
    assert to_send(library) == []
    return library


def test_changes_before_the_first_sync_are_recorded_and_not_sent(met_when_documented):
    library = met_when_documented
    library.sync(dbt_cloud_history_days=60)

    assert library.query("SELECT count(*) FROM dbt_runs") == [(2,)]
    assert library.query(PROGRESS) == [("baseline",)]
    assert to_send(library) == []


def test_changes_since_are_sent_whether_the_history_came_before_or_not(met_when_documented):
    library = met_when_documented
    library.sync(dbt_cloud_history_days=60)
    library.happen("reverted", hours=1)
    library.later(minutes=15)
    library.sync(dbt_cloud_history_days=60)

    assert to_send(library) == ["genres"]
