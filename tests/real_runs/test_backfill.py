"""History that is loaded after what followed it gives the same tables as history in order."""

import random

import pytest

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.demo.account import ACCOUNT_ID
from sigma_dbt_sync.sync import load
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.end_to_end.conftest import NOW

PAST = ("first", "for_librarians", "documented", "priced", "reverted", "proposed", "cancelled")
RECENT = ("renamed", "first", "weeded", "versioned", "weeded_for_librarians")


def live(library):
    """Let a month go by; the last days of it are recent."""
    for day, name in enumerate(PAST):
        library.happen(name, days=25 - day)
    library.happen_together("old_code", "new_code", days=10)
    for day, name in enumerate(RECENT):
        library.happen(name, hours=100 - 20 * day)


def test_widening_the_history_gives_what_loading_in_order_gives(library, new_library):
    live(library)
    library.sync(dbt_cloud_history_days=5)
    recent = library.facts()
    library.sync(dbt_cloud_history_days=30)
    with new_library("in order") as in_order:
        in_order.account.runs.update(library.account.runs)
        in_order.sync()

        assert library.facts() == in_order.facts()
    assert library.facts() != recent
    assert library.query("SELECT count(*) FROM dbt_runs") == [(len(library.account.runs),)]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_runs_are_loaded_does_not_matter(library, tmp_path, seed):
    live(library)
    library.sync()
    archive = Archive(library.settings().archive_url, ACCOUNT_ID)
    waiting = list(archive.entries().values())
    random.Random(seed).shuffle(waiting)
    arrived = {}
    archive.entries = lambda: dict(arrived)
    path = tmp_path / "shuffled.duckdb"
    while waiting:
        for ref in [waiting.pop() for _ in range(min(len(waiting), 1 + seed))]:
            arrived[ref.run_id] = ref
        warehouse = DuckDB(path)
        load(archive, warehouse, sync_id="test", clock=lambda: NOW)
        warehouse.close()

    assert library.facts(path=path) == library.facts()
