"""Runs that build something else than the environment's own relations."""

import pytest

from sigma_dbt_sync.demo import payloads

ITS_OWN = {
    *("dbt_runs", "dbt_run_steps", "dbt_invocations"),
    *("dbt_node_executions", "dbt_test_results", "dbt_source_freshness"),
}


@pytest.fixture
def to_audit(monkeypatch):
    """Somebody starts runs with another target, as dbt Cloud tells it."""
    told = payloads._trigger
    monkeypatch.setattr(
        payloads,
        "_trigger",
        lambda run: (
            told(run)
            | ({"target_name_override": "audit"} if run.recording.name == "audited" else {})
        ),
    )


def changed(library, name):
    """Names of the tables that one more run changes."""
    library.happen("first", hours=5)
    library.sync()
    before = library.facts(without={"sync_loads", "sync_artifacts"})
    run = library.happen(name, minutes=20)
    library.later(minutes=15)
    library.sync()
    after = library.facts(without={"sync_loads", "sync_artifacts"})
    assert library.query("SELECT feeds_state FROM dbt_runs WHERE run_id = ?", run.id) == [(False,)]
    return {table for table in before if before[table] != after[table]}


@pytest.mark.usefixtures("to_audit")
def test_a_run_into_another_target_is_stored_and_changes_nothing_else(library):
    """It also compiles the code of tests, which its test results name."""
    assert changed(library, "audited") == ITS_OWN | {"dbt_code", "dbt_job_status"}


def test_a_pull_request_is_stored_and_changes_nothing_else(library):
    changes = changed(library, "proposed")

    assert changes == ITS_OWN - {"dbt_source_freshness"} | {"dbt_code", "dbt_job_status"}
