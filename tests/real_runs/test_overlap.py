"""A run that started on old code and finishes after one that has newer code."""

import pytest


@pytest.fixture
def overlapping(library):
    first = library.happen("first", hours=5)
    old, new = library.happen_together("old_code", "new_code", hours=1)
    assert old.started_at < new.started_at < new.finished_at < old.finished_at
    library.go_on(old)
    library.sync()
    library.account.finish(old.id)
    library.later(minutes=15)
    library.sync()
    return first, old, new


def test_definitions_are_those_of_the_newer_code(library, overlapping):
    first, _, new = overlapping

    assert library.description("dbt_models", "readers") == "Everybody with a card, for everybody."
    assert library.versions("readers") == [("added", first.id), ("changed", new.id)]
    assert library.query("SELECT definitions_run_id FROM dbt_environments WHERE is_production") == [
        (new.id,)
    ]


def test_results_are_those_that_completed_last(library, overlapping):
    _, old, new = overlapping

    assert library.status("readers") == (old.id, "success")
    assert library.status("stg_loans") == (new.id, "success")
    assert library.query(
        "SELECT run_id FROM dbt_node_executions WHERE unique_id = 'model.library.readers' "
        "AND feeds_state ORDER BY completed_at DESC LIMIT 2"
    ) == [(old.id,), (new.id,)]


def test_compiled_code_is_that_of_the_newer_code(library, overlapping):
    ((code,),) = library.query(
        "SELECT code FROM dbt_models JOIN dbt_code ON code_hash = compiled_code_hash "
        "WHERE name = 'readers'"
    )

    assert "reader_id > 0" in code


def test_whoever_looks_later_sees_the_same(library, overlapping, new_library):
    with new_library("later") as later:
        later.account.runs.update(library.account.runs)
        later.now = library.now
        later.sync()

        assert later.facts() == library.facts()
