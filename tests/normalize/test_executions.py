"""run_results.json to rows, and the commands that must never be believed."""

import pytest

from sigma_dbt_sync.artifacts.document import Metadata
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_results import read_run_results
from sigma_dbt_sync.demo.story import FOLDER, read_blob, read_story
from sigma_dbt_sync.normalize import test_targets
from sigma_dbt_sync.normalize.executions import bare_invocation, step_results
from sigma_dbt_sync.normalize.keys import code_hash
from sigma_dbt_sync.normalize.test_targets import TestView
from tests.builders import ORDERS, context, minutes, result, run_results, timed

UNIQUE = "test.shop.unique_orders_id"


def step(*results, run=None, tests=None, parents=None, **fields):
    read = read_run_results(run_results(*results, **fields))
    return step_results(read, run or context(), 4, tests or {}, parents or {})


def executed(*results, **fields):
    return step(*results, **fields).executions


def demo_step(run_name: str, index: int):
    (told,) = (run for run in read_story() if run.name == run_name)
    files = {path.rpartition("/")[2]: one for path, one in told.steps[index - 1].artifacts.items()}
    results = read_run_results(read_blob(FOLDER, files["run_results.json"].blob))
    manifest = Manifest(read_blob(FOLDER, files["manifest.json"].blob))
    return step_results(
        results, context(), index, test_targets.test_views(manifest), manifest.parents
    )


def test_a_result_becomes_a_row():
    (row,) = executed(
        result(
            timing=timed("2026-03-01T12:02:00Z"),
            execution_time=1.5,
            message="\x1b[32mSELECT 12\x1b[0m",
            relation_name='"shop"."analytics"."orders"',
            adapter_response={"rows_affected": 12, "query_id": "01b2"},
        )
    )

    assert (row.invocation_id, row.unique_id, row.run_id, row.step_index) == ("inv-1", ORDERS, 1, 4)
    assert (row.resource_type, row.status, row.status_group) == ("model", "success", "ok")
    assert row.completed_at == minutes(2)
    assert (row.rows_affected, row.query_id, row.message) == (12, "01b2", "SELECT 12")
    assert row.adapter_response == '{"query_id":"01b2","rows_affected":12}'
    assert row.feeds_state


@pytest.mark.parametrize("which", ["generate", "compile", "list", "freshness", None])
def test_a_command_that_only_reads_leaves_no_results(which):
    made = step(result(), result("unit_test.shop.orders.adds_up"), which=which)

    assert (made.executions, made.tests) == ((), ())
    assert made.invocation.is_executing is False
    assert made.invocation.ok_count == 0


def test_a_test_that_succeeded_gives_a_compile_only_file_away():
    """A test that ran passes, warns, fails or errors; `success` is the word of `docs generate`."""
    made = step(result(), result(UNIQUE, "success"), which="build")

    assert (made.executions, made.invocation.is_executing) == ((), False)
    assert len(executed(result(), result(UNIQUE, "pass"), which="build")) == 2


def test_what_a_command_compiled_is_kept_even_when_it_only_reads():
    made = step(result(compiled_code="select 1"), result(UNIQUE), which="compile")

    assert made.compiled == ((ORDERS, "select 1"),)


def test_docs_of_a_failed_run_say_success_for_everything_and_are_not_believed():
    build, docs = demo_step("tonight", 5), demo_step("tonight", 6)

    assert build.invocation.is_executing
    assert (build.invocation.bad_count, build.invocation.skipped_count) == (2, 9)
    assert (docs.executions, docs.tests) == ((), ())
    assert docs.invocation.command == "generate"


def test_a_failed_test_tells_its_rows_and_where_they_are():
    failed = [row for row in demo_step("tonight", 5).tests if row.status == "fail"]

    (row,) = failed
    assert (row.target_unique_id, row.column_name) == ("model.shop.customers.v2", "email")
    assert (row.failures, row.severity, row.status_group) == (2, "error", "bad")
    assert row.failures_relation == (
        '"shop"."analytics_test_failures"."not_null_customers_v2_email"'
    )
    assert row.compiled_code_hash


def test_a_retry_is_known_by_the_command_that_it_retried():
    """`args.which` of `dbt retry` is the original command."""
    made = step(which="test")

    assert (made.invocation.command, made.invocation.is_executing) == ("test", True)
    assert made.executions == ()


def test_hooks_exposures_and_unit_tests_have_rows_too():
    rows = executed(
        result("operation.shop.shop-on-run-start-0"),
        result("exposure.shop.board", "no-op"),
        result("unit_test.shop.orders.adds_up", "pass"),
    )

    assert [row.resource_type for row in rows] == ["operation", "exposure", "unit_test"]


def test_statuses_are_lower_case_and_unknown_ones_kept():
    rows = executed(result(status="Error"), result("model.shop.x", "Half Done"))

    assert [(row.status, row.status_group) for row in rows] == [
        ("error", "bad"),
        ("half done", "other"),
    ]


def test_a_skipped_node_is_known_when_the_command_wrote_its_results():
    (row,) = executed(result(status="skipped", timing=[]))

    assert row.completed_at == minutes(10)
    assert row.execute_started_at is None


def test_a_file_without_times_was_known_when_the_run_ended():
    (row,) = executed(result(), metadata={})

    assert row.completed_at == minutes(30)
    assert row.invocation_id == "1/4"


def test_a_node_that_only_compiled_was_known_then():
    (row,) = executed(result(status="error", timing=timed("2026-03-01T12:02:00Z")[:1]))

    assert row.completed_at == minutes(2)


@pytest.mark.parametrize("response", [None, {}])
def test_an_empty_adapter_response_is_none(response):
    (row,) = executed(result(adapter_response=response))

    assert row.adapter_response is None


def test_a_microbatch_model_says_what_became_of_its_batches():
    batches = {"successful": [["2026-03-01", "2026-03-02"]], "failed": [["2026-03-02", "x"]]}
    (row,) = executed(result(status="partial success", batch_results=batches))

    assert row.batch_results == (
        '{"failed":[["2026-03-02","x"]],"successful":[["2026-03-01","2026-03-02"]]}'
    )
    assert (row.batches_ok, row.batches_failed) == (1, 1)


@pytest.mark.parametrize("told", [{}, {"batch_results": None}, {"batch_results": {}}])
def test_any_other_node_has_no_batches(told):
    (row,) = executed(result(**told))

    assert (row.batch_results, row.batches_ok, row.batches_failed) == (None, None, None)


def test_an_adapters_job_id_stands_for_the_query():
    (row,) = executed(result(adapter_response={"job_id": "bq-1", "rows_affected": "many"}))

    assert (row.query_id, row.rows_affected) == ("bq-1", None)


def test_a_skip_names_its_cause():
    rows = executed(
        result("model.shop.stg", "error"),
        result(ORDERS, "skipped"),
        parents={ORDERS: ["model.shop.stg"]},
    )

    assert [row.root_cause for row in rows] == [None, "model.shop.stg"]


def test_the_invocation_counts_every_group():
    made = step(
        result("model.shop.a"),
        result("test.shop.b", "pass"),
        result("test.shop.c", "warn"),
        result("test.shop.d", "fail"),
        result("model.shop.e", "skipped"),
        result("model.shop.f", "new word"),
    ).invocation

    assert (made.ok_count, made.warn_count, made.bad_count) == (2, 1, 1)
    assert (made.skipped_count, made.other_count) == (1, 1)
    assert (made.command, made.elapsed_seconds, made.started_at) == ("build", 9.5, minutes(1))


def test_the_invocation_keeps_no_vars():
    made = step(args={"which": "build", "vars": {"token": "s3cret"}, "select": ["a"]})

    assert made.invocation.args == '{"select":["a"],"which":"build"}'


def test_a_test_result_says_what_was_tested_then():
    view = TestView(
        target_unique_id=ORDERS,
        target_relation_name='"o"',
        column_name="id",
        severity="warn",
        failures_relation='"f"',
    )
    made = step(result(UNIQUE, "warn", failures=3, compiled_code="select 1"), tests={UNIQUE: view})

    (row,) = made.tests
    assert (row.target_unique_id, row.relation_name, row.column_name) == (ORDERS, '"o"', "id")
    assert (row.severity, row.failures, row.failures_relation) == ("warn", 3, '"f"')
    assert row.compiled_code_hash == code_hash("select 1")


def test_where_the_result_names_the_failing_rows_that_counts():
    """`--store-failures` on the command line shows only there."""
    (row,) = step(
        result(UNIQUE, "fail", relation_name='"r"'),
        tests={UNIQUE: TestView(failures_relation='"m"')},
    ).tests

    assert row.failures_relation == '"r"'


def test_a_test_unknown_to_the_manifest_still_has_its_result():
    (row,) = step(result(UNIQUE, "pass")).tests

    assert (row.status, row.target_unique_id) == ("pass", None)


def test_an_errored_test_has_no_number_of_failures():
    (row,) = step(result(UNIQUE, "error", failures=None)).tests

    assert (row.failures, row.status_group) == (None, "bad")


def test_a_cancelled_run_counts_successes_only():
    cancelled = context(status=30)
    made = step(
        result("model.shop.a"),
        result("model.shop.b", "error"),
        result("model.shop.c", "skipped"),
        result(UNIQUE, "fail"),
        run=cancelled,
    )

    assert [row.feeds_state for row in made.executions] == [True, False, False, False]
    assert [row.feeds_state for row in made.tests] == [False]
    assert [row.status for row in made.executions] == ["success", "error", "skipped", "fail"]


def test_a_ci_runs_results_are_kept_but_do_not_feed_state():
    (row,) = executed(result(), run=context(pull_request_id=118))

    assert not row.feeds_state


def test_a_command_without_results_has_an_invocation():
    metadata = Metadata(invocation_id="f-1", generated_at="2026-03-01T12:05:00Z")
    made = bare_invocation(metadata, context(), 4, command="freshness", elapsed=1.5)

    assert (made.invocation_id, made.command, made.is_executing) == ("f-1", "freshness", False)
    assert (made.generated_at, made.elapsed_seconds) == (minutes(5), 1.5)
