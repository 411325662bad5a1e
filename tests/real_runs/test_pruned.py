"""Old runs are pruned from the archive; what they told stays, and syncs go on without them."""

import pytest

KEEP = {"archive_keep_days": 5}


@pytest.fixture
def pruned(library):
    """Of runs of long ago only the newest of each variant is left."""
    first = library.happen("first", days=20)
    renamed = library.happen("renamed", days=19)
    library.happen("for_librarians", days=18)
    library.sync()
    library.happen("first", days=17)
    library.sync()
    library.later(days=1, hours=1)
    report = library.sync(**KEEP)
    assert report.extracted.pruned_runs == 2
    return first, renamed


def sync_after(library, name):
    library.later(days=1)
    run = library.happen(name, hours=(library.account.anchor - library.now).total_seconds() / 3600)
    library.later(minutes=30)
    library.sync(**KEEP)
    return run


def test_history_made_again_keeps_what_pruned_manifests_told(library, pruned):
    first, renamed = pruned
    again = sync_after(library, "for_librarians")

    assert library.description("dbt_models", "branch_loans").endswith("for librarians.")
    assert library.versions("stacks")[:1] == [("added", renamed.id)]
    assert library.versions("shelves")[:2] == [("added", first.id), ("removed", renamed.id)]
    assert library.versions("branch_loans") == [("added", first.id), ("changed", again.id)]


def test_history_goes_on_after_it_was_made_again(library, pruned):
    sync_after(library, "for_librarians")
    before = library.versions("readers")
    changed = sync_after(library, "new_code")

    assert library.versions("readers") == [*before, ("changed", changed.id)]
    assert sync_after(library, "new_code").id not in {run for _, run in library.versions("readers")}


def test_a_manifest_is_kept_though_a_newer_run_built_something_else(library):
    """Runs of pull requests do not decide what a project looks like."""
    library.happen("first", days=20)
    library.happen("proposed", days=19)
    library.sync()
    library.later(days=1, hours=1)
    library.sync(**KEEP)
    sync_after(library, "for_librarians")

    assert library.description("dbt_models", "readers").endswith("for everybody.")
