"""What the Fusion engine (dbt 2) writes otherwise than Core, and must not be misread.

Real files of it lie beside the repository, where there are any; what they hold is built here too.
"""

from pathlib import Path

import pytest

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import Artifact, Step
from sigma_dbt_sync.normalize.run_facts import run_facts
from tests.builders import (
    CUSTOMERS,
    ORDERS,
    data_test,
    entry,
    manifest,
    node,
    result,
    run_results,
    sources,
)

FOLDER = (
    Path(__file__).parents[2] / ".." / "shared/artifacts/ours/fusion-2.0.0-preview.196"
).resolve()
KEPT = Path(__file__).parent / "fusion"
"""`dbt build` of five models by preview 196 on DuckDB: a whole run; one with a model that calls a
macro that does not exist; and one that was interrupted (SIGINT) while it built the slowest."""

SUCCESS, ERROR, CANCELLED = 10, 20, 30
EPHEMERAL = node(CUSTOMERS, config={"materialized": "ephemeral"}, relation_name=None)
TEST = "test.shop.unique_orders_id"

real = pytest.mark.skipif(not FOLDER.exists(), reason="there are no artifacts beside the project")


def facts(files, **run):
    """Read the files of one step, given by kind."""
    artifacts = tuple(
        Artifact(step_index=1, kind=kind, state="found", sha256=kind) for kind in files
    )
    made = entry(artifacts=artifacts, **run)
    return run_facts(made, "entry", files.__getitem__, lambda sha: Manifest(files[sha]))


def step(name, **run):
    """Read one recorded step of Fusion."""
    paths = (FOLDER / name).glob("*.json")
    return facts({path.stem: path.read_bytes() for path in paths}, **run)


def built(*results, **run):
    return facts(
        {
            "manifest": manifest(node(), EPHEMERAL, data_test()),
            "run_results": run_results(*results),
        },
        **run,
    )


def statuses(found):
    return {row.unique_id: row.status for row in found.executions}


def test_an_ephemeral_model_was_not_skipped():
    """Fusion says so in every run; Core does not mention the model at all."""
    found = built(result(), result(CUSTOMERS, "skipped", message="Skipped"))

    assert statuses(found) == {ORDERS: "success"}
    assert found.invocations["inv-1"].skipped_count == 0
    assert found.run.skipped_count == 0


def test_a_model_that_is_built_may_be_skipped():
    found = built(result(ORDERS, "skipped"), result(TEST, "fail"))

    assert statuses(found) == {ORDERS: "skipped", TEST: "fail"}


def test_an_ephemeral_model_that_does_not_compile_is_an_error():
    assert statuses(built(result(CUSTOMERS, "Error"))) == {CUSTOMERS: "error"}


@pytest.mark.parametrize("told", ["NoOp", "no-op", "Reused"])
def test_a_node_that_needed_nothing_is_ok(told):
    (row,) = built(result(ORDERS, told)).executions

    assert (row.status, row.status_group) == (told.lower(), "ok")


def test_statuses_are_stored_in_lower_case():
    (row,) = built(result(TEST, "Fail")).tests

    assert (row.status, row.status_group) == ("fail", "bad")


def test_a_status_that_nobody_knows_is_kept_and_judges_nothing():
    (row,) = built(result(ORDERS, "Half-Done")).executions

    assert (row.status, row.status_group) == ("half-done", "other")


def test_a_manifest_of_early_fusion_is_read():
    """Version 20, in which whatever is empty may be null."""
    nulls = dict.fromkeys(("description", "tags", "columns", "relation_name", "depends_on"))
    empty = node(**nulls, config={"persist_docs": None, "severity": None, "meta": None})
    described = node(CUSTOMERS, columns={"id": {"name": "id", "description": None, "tags": None}})
    data = manifest(empty, described, version=20, groups=None, unit_tests=None)
    found = facts({"manifest": data})

    assert [(row.state, row.reason) for row in found.artifacts] == [("found", None)]
    assert found.manifest.nodes[ORDERS].tags == []
    assert list(found.manifest.nodes[CUSTOMERS].columns) == ["id"]


@pytest.mark.parametrize("empty", ["timing", "adapter_response", "failures", "compiled_code"])
def test_a_null_in_a_result_counts_as_left_out(empty):
    (row,) = built(result(**{empty: None})).executions

    assert row.status == "success"


def test_a_null_where_something_must_be_is_damage():
    found = facts({"run_results": run_results(result(None))})

    assert found.artifacts[0].state == "unreadable"
    assert "unique_id" in found.artifacts[0].reason


@real
def test_a_build_without_failures_has_no_skips():
    found = step("run_01_baseline/step_02_build")

    assert set(statuses(found).values()) == {"success", "pass", "warn"}
    assert len(found.executions) == 43


@real
def test_skips_below_a_failure_are_skips_and_know_their_cause():
    found = step("run_03_failing/step_01_build")
    skipped = [row for row in found.executions if row.status == "skipped"]

    assert len(skipped) == 14
    assert {(row.root_cause or "").split(".")[2] for row in skipped} == {
        "broken_test_sql",
        "is_positive_stg_payments_amount",
    }


@real
def test_a_test_whose_sql_is_wrong_fails_like_one_that_found_rows():
    """Both have the message "Error" and one failure: nothing tells them apart."""
    found = step("run_03_failing/step_01_build")
    bad = {row.test_unique_id.split(".")[2]: row for row in found.tests if row.status == "fail"}

    assert set(bad) == {"broken_test_sql", "is_positive_stg_payments_amount"}
    assert {(row.status_group, row.failures, row.message) for row in bad.values()} == {
        ("bad", 1, "Error")
    }


@real
def test_source_freshness_judges_no_test():
    """Where a source's table is missing, it reports the tests of all sources as errors."""
    found = step("run_01_baseline/step_01_source_freshness")

    assert (found.executions, found.tests, found.run.bad_count) == ([], [], 0)
    assert [row.command for row in found.invocations.values()] == ["freshness"]


@real
def test_freshness_statuses_lose_their_capital():
    (folder,) = (FOLDER / "run_12_freshness_ok").glob("step_01_*")
    found = step(folder.relative_to(FOLDER))

    assert {row.status for row in found.freshness} == {"pass", "warn", "error"}
    assert {row.status_group for row in found.freshness} == {"ok", "warn", "bad"}


def kept(name, *, step_status, **run):
    """Read one of the builds recorded beside this file."""
    step = Step(index=1, name="Invoke dbt with `dbt build`", status=step_status)
    kinds = ("manifest", "run_results")
    files = {kind: (KEPT / f"{name}.{kind}.json").read_bytes() for kind in kinds}
    return facts(files, steps=(step,), **run)


def counting(found):
    return [row.artifact for row in found.artifacts if row.feeds_state]


def test_a_cancelled_run_says_nothing_about_its_nodes():
    """Interrupted, it reports every node as an error, also those that had been built."""
    found = kept("cancelled", step_status=CANCELLED, status=CANCELLED)

    assert len(found.executions) == 7
    assert {row.status for row in found.executions} == {"error"}
    assert not any(row.feeds_state for row in (*found.executions, *found.tests))
    assert (found.run.bad_count, counting(found)) == (0, ["manifest", "run_results"])


def test_a_manifest_without_what_could_not_be_parsed_does_not_count():
    """It is read all the same: the ledger names it, and no sync ends because of it."""
    found = kept("broken", step_status=ERROR, status=ERROR)

    assert "model.shop.b" in kept("good", step_status=SUCCESS).manifest.nodes
    assert "model.shop.b" not in found.manifest.nodes
    assert [(row.artifact, row.state) for row in found.artifacts] == [
        ("manifest", "found"),
        ("run_results", "found"),
    ]
    assert counting(found) == ["run_results"]


def test_a_manifest_of_a_build_that_succeeded_counts():
    assert counting(kept("good", step_status=SUCCESS)) == ["manifest", "run_results"]


@pytest.mark.parametrize("told", [{"status": "success"}, {"status": "error", "time": 0.2}])
def test_a_manifest_counts_when_its_failed_step_began_some_node(told):
    results = run_results(result(ORDERS, told["status"], execution_time=told.get("time", 0.0)))
    step = Step(index=1, name="Invoke dbt with `dbt build`", status=ERROR)
    found = facts({"manifest": manifest(node()), "run_results": results}, steps=(step,))

    assert counting(found) == ["manifest", "run_results"]


def test_a_manifest_of_stale_sources_counts():
    """Freshness fails when a source is stale, and leaves no results but these."""
    stale = sources({"unique_id": "source.shop.web.sessions", "status": "error"})
    step = Step(index=1, name="Invoke dbt with `dbt source freshness`", status=ERROR)
    found = facts({"manifest": manifest(node()), "sources": stale}, steps=(step,))

    assert counting(found) == ["manifest", "sources"]


@real
def test_catalog_and_manifest_of_a_step_are_read():
    found = step("run_01_baseline/step_03_compile")

    assert {row.artifact: row.state for row in found.artifacts} == dict.fromkeys(
        ("manifest", "run_results", "catalog"), "found"
    )
    assert {row.unknown_keys for row in found.artifacts} == {None}
