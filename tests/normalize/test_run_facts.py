"""Everything one run tells, and what damage costs."""

import pytest

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import Artifact
from sigma_dbt_sync.normalize.run_facts import run_facts
from tests.builders import (
    ORDERS,
    catalog,
    data_test,
    entry,
    manifest,
    minutes,
    node,
    result,
    run_results,
    sources,
)

TEST = "test.shop.unique_orders_id"
SESSIONS = "source.shop.web.sessions"
STALE = {"unique_id": SESSIONS, "status": "error"}
DAMAGED = manifest(node(), {"unique_id": "exposure.shop.board"})


def facts(*files, **fields):
    """Load a run; `files` are (step, kind, content, state), the content's place its sha256."""
    blobs = {str(place): content for place, (_, _, content, *_) in enumerate(files)}
    artifacts = tuple(
        Artifact(
            step_index=step,
            kind=kind,
            state=(state or ["found"])[0],
            sha256=None if content is None else str(place),
            reason="why" if state else None,
        )
        for place, (step, kind, content, *state) in enumerate(files)
    )
    made = entry(artifacts=artifacts, **fields)
    return run_facts(made, "entry", blobs.__getitem__, lambda sha: Manifest(blobs[sha]))


def states(found):
    return {(row.step_index, row.artifact): row.state for row in found.artifacts}


def codes(found):
    return {row.code for row in found.code.values()}


def test_functions_are_known_nodes():
    function = "function.shop.to_cents"
    found = facts((1, "manifest", manifest(node(), node(function))))

    assert found.known_nodes == (ORDERS, function)


def test_a_run_is_read_whole():
    found = facts(
        (3, "sources", sources(STALE)),
        (4, "run_results", run_results(result(), result(TEST, "fail"))),
        (4, "manifest", manifest(node(), node(SESSIONS), data_test(column_name="id"))),
        (5, "catalog", catalog()),
        variant="full",
    )

    assert set(states(found).values()) == {"found"}
    assert len(found.artifacts) == 4
    assert [row.unique_id for row in found.executions] == [ORDERS, TEST]
    assert [row.column_name for row in found.tests] == ["id"]
    assert [row.relation_name for row in found.freshness] == ['"shop"."analytics"."sessions"']
    assert set(found.invocations) == {"inv-1", "freshness-1"}
    assert set(found.known_nodes) == {ORDERS, TEST, SESSIONS}
    assert (found.run.bad_count, found.run.archive_entry_sha256) == (1, "entry")
    assert found.artifacts[0].variant == "full"


def test_the_manifest_is_read_before_the_results_that_need_it():
    """Whatever the order of the entry: results of step 4 are told by a manifest of step 5."""
    found = facts(
        (4, "run_results", run_results(result(TEST, "pass"))),
        (5, "manifest", manifest(node(), data_test(on=ORDERS))),
    )

    assert found.tests[0].target_unique_id == ORDERS


def test_the_same_results_served_for_two_steps_count_once():
    """Dbt Cloud serves what lies in the target folder, whoever wrote it."""
    same = run_results(result())
    found = facts((4, "run_results", same), (5, "run_results", same))

    assert len(found.executions) == 1
    assert states(found) == {(4, "run_results"): "found", (5, "run_results"): "duplicate"}


def test_the_same_freshness_served_for_two_steps_counts_once():
    same = sources(STALE)
    found = facts((3, "sources", same), (4, "sources", same))

    assert len(found.freshness) == 1
    assert states(found)[4, "sources"] == "duplicate"


@pytest.mark.parametrize("first", ["run_results", "sources"])
def test_one_command_may_write_results_and_freshness(first):
    files = {
        "run_results": (4, "run_results", run_results(result(), invocation="one")),
        "sources": (4, "sources", sources(STALE, invocation="one")),
    }
    second = next(kind for kind in files if kind != first)
    found = facts(files[first], files[second])

    assert (len(found.executions), len(found.freshness)) == (1, 1)
    assert found.invocations["one"].command == "build"


def test_docs_results_leave_no_trace_but_their_invocation():
    found = facts(
        (4, "run_results", run_results(result(TEST, "fail"))),
        (5, "run_results", run_results(result(TEST), which="generate", invocation="docs")),
    )

    assert [row.status for row in found.tests] == ["fail"]
    assert found.invocations["docs"].is_executing is False
    assert (found.run.bad_count, found.run.warn_count) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("manifest", b'{"nodes": {'),
        ("manifest", b"<html>502</html>"),
        ("manifest", DAMAGED),
        ("run_results", b"[]"),
        ("catalog", b""),
        ("sources", b"{}"),
    ],
)
def test_a_damaged_file_costs_only_itself(kind, content):
    found = facts(
        (3, kind, content),
        (4, "run_results", run_results(result())),
        (4, "manifest", manifest(node())),
    )

    assert states(found)[3, kind] == "unreadable"
    assert found.artifacts[[row.step_index for row in found.artifacts].index(3)].reason
    assert [row.unique_id for row in found.executions] == [ORDERS]
    assert found.known_nodes == (ORDERS,)


@pytest.mark.parametrize("state", ["found", "shared"])
def test_a_manifest_with_one_damaged_node_is_not_used_at_all(state):
    """Half a manifest would say that the other half of the project is gone."""
    found = facts(
        (4, "manifest", DAMAGED, state), (4, "run_results", run_results(result(TEST, "fail")))
    )

    assert states(found)[4, "manifest"] == "unreadable"
    assert (found.manifest, found.known_nodes) == (None, ())
    assert [row.status for row in found.tests] == ["fail"]


@pytest.mark.parametrize("state", ["missing", "open", "oversized"])
def test_what_did_not_come_is_in_the_ledger_with_its_reason(state):
    found = facts((4, "manifest", None, state))

    (row,) = found.artifacts
    assert (row.state, row.reason, row.sha256) == (state, "why", None)


def test_the_ledger_tells_versions_and_times():
    (row,) = facts((4, "run_results", run_results())).artifacts

    assert row.schema_version == "https://schemas.getdbt.com/dbt/run-results/v6.json"
    assert (row.dbt_version, row.invocation_id) == ("1.12.6", "inv-1")
    assert (row.generated_at, row.run_started_at) == (minutes(10), minutes(0))


def test_compiled_code_comes_from_results_and_manifest():
    found = facts(
        (4, "manifest", manifest(node(compiled_code="select 1"), node("model.shop.x"))),
        (4, "run_results", run_results(result(TEST, "pass", compiled_code="select 2"))),
    )

    assert {one.unique_id for one in found.compiled} == {ORDERS, TEST}
    assert codes(found) == {"select 1", "select 2"}
    assert {one.run_started_at for one in found.compiled} == {minutes(0)}


def test_functions_are_compiled_too():
    function = "function.shop.to_cents"
    found = facts((4, "manifest", manifest(node(function, compiled_code="amount * 100"))))

    assert [one.unique_id for one in found.compiled] == [function]
    assert codes(found) == {"amount * 100"}


def test_a_shared_manifest_compiled_nothing_in_this_run():
    """It stands in from an earlier run, perhaps of another day."""
    found = facts((4, "manifest", manifest(node(compiled_code="select 1")), "shared"))

    assert (found.compiled, codes(found)) == ([], set())
    assert found.known_nodes == (ORDERS,)


def test_a_ci_run_compiles_for_its_own_schema_only():
    """Its compiled SQL names the pull request's schema; a test's own SQL is kept as evidence."""
    found = facts(
        (4, "manifest", manifest(node(compiled_code="select 1"))),
        (4, "run_results", run_results(result(TEST, "fail", compiled_code="select 2"))),
        pull_request_id=118,
    )

    assert found.compiled == []
    assert codes(found) == {"select 2"}
    assert found.tests[0].compiled_code_hash in found.code


def test_a_compile_only_command_brings_compiled_code():
    found = facts((5, "run_results", run_results(result(compiled_code="s"), which="generate")))

    assert [one.unique_id for one in found.compiled] == [ORDERS]


def test_a_cancelled_run_keeps_what_it_finished():
    found = facts(
        (4, "run_results", run_results(result(), result("model.shop.x", "error"))), status=30
    )

    assert {row.unique_id: row.feeds_state for row in found.executions} == {
        ORDERS: True,
        "model.shop.x": False,
    }
    assert found.run.status == "cancelled"


def test_a_run_without_artifacts_is_a_run():
    found = facts()

    assert (found.run.artifact_state, found.executions, found.known_nodes) == ("none", [], ())
    assert found.steps == []


def test_a_cancelled_run_counts_its_successes_only():
    """What it left undone failed nowhere; Fusion calls every node of it an error."""
    told = run_results(result(ORDERS, "error"), result(TEST, "skipped"), result("model.shop.x"))
    found = facts((4, "run_results", told), status=30).run
    failed = facts((4, "run_results", told), status=20).run

    assert (found.bad_count, found.skipped_count) == (0, 0)
    assert (failed.bad_count, failed.skipped_count) == (1, 1)
