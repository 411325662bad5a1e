"""A run that somebody stopped: one model had failed, one was being built, the others were done."""

import pytest


@pytest.fixture
def interrupted(library):
    first = library.happen("first", hours=5)
    cancelled = library.happen("cancelled", hours=4)
    library.sync()
    return first, cancelled


def test_what_it_finished_counts(library, interrupted):
    _, cancelled = interrupted

    assert library.status("readers") == (cancelled.id, "success")


def test_what_failed_in_it_says_nothing_about_the_node(library, interrupted):
    first, cancelled = interrupted

    assert library.status("genres") == (first.id, "success")
    assert library.query(
        "SELECT status, feeds_state FROM dbt_node_executions "
        "WHERE run_id = ? AND unique_id = 'model.library.genres'",
        cancelled.id,
    ) == [("error", False)]
    assert library.query("SELECT health FROM dbt_tab WHERE model_name = 'genres'") == [("healthy",)]


def test_what_it_was_building_is_as_it_was_before(library, interrupted):
    first, cancelled = interrupted

    assert library.status("desks") == (first.id, "success")
    assert cancelled.id not in {
        run_id
        for (run_id,) in library.query(
            "SELECT run_id FROM dbt_node_executions WHERE unique_id = 'model.library.desks'"
        )
    }
