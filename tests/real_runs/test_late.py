"""What a run told is known only later, or never: the rows are those of knowing it in time."""

import pytest

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.demo.account import ACCOUNT_ID
from sigma_dbt_sync.sync import load
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.end_to_end.conftest import NOW

RESULTS, MANIFEST = "run_results.json", "manifest.json"


@pytest.fixture
def taken_over(library):
    """Librarians' runs govern some nodes until a run of everybody builds them again."""
    library.happen("first", hours=9)
    library.happen("for_librarians", hours=8)
    library.sync()
    assert governor(library) == "for librarians."
    return library.happen("first", hours=1)


def governor(library):
    ((described,),) = library.query(
        "SELECT description FROM dbt_node_versions WHERE name = 'branch_loans' "
        "ORDER BY valid_from DESC LIMIT 1"
    )
    return described.partition(", ")[2]


def hide(run, path):
    run.replaced = {(step.index, path): None for step in run.recording.steps}


def loaded_at_once(library, tmp_path):
    """What a warehouse holds that gets all runs in one batch."""
    archive = Archive(library.settings().archive_url, ACCOUNT_ID)
    path = tmp_path / "at_once.duckdb"
    warehouse = DuckDB(path)
    load(archive, warehouse, sync_id="test", clock=lambda: NOW, runs_per_batch=1000)
    warehouse.close()
    return library.facts(path=path)


def test_results_that_come_later_let_their_variant_take_nodes_over(library, taken_over, tmp_path):
    """The manifest was there before them, and tells nothing new."""
    hide(taken_over, RESULTS)
    library.later(minutes=15)
    library.sync()
    assert governor(library) == "for librarians."
    taken_over.replaced.clear()
    library.later(minutes=15)
    library.sync()

    assert governor(library) == "for everybody."
    assert library.facts() == loaded_at_once(library, tmp_path)


def test_a_run_without_a_manifest_lets_its_variant_take_nodes_over(library, taken_over, tmp_path):
    hide(taken_over, MANIFEST)
    library.later(hours=30)
    library.sync()

    assert governor(library) == "for everybody."
    assert library.facts() == loaded_at_once(library, tmp_path)


def test_code_that_only_another_variants_history_named_is_deleted(library, tmp_path):
    """While the newer run has no results, what everybody's history says of readers counts less."""
    library.happen("audited", hours=9)
    library.happen("for_librarians", hours=8)
    for run in library.account.runs.values():
        hide(run, MANIFEST if run.recording.name == "audited" else RESULTS)
    library.sync()
    for run in library.account.runs.values():
        run.replaced.clear()
    library.later(minutes=15)
    library.sync()

    assert library.facts() == loaded_at_once(library, tmp_path)
