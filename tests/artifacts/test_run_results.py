"""run_results.json of any dbt version gives the same few fields."""

from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.artifacts.run_results import read_run_results
from tests.builders import result, run_results, timed


def read(**fields):
    return read_run_results(run_results(result(**fields))).results[0]


@pytest.mark.parametrize("which", ["build", "run", "test", "seed", "snapshot", "retry", "clone"])
def test_commands_that_touch_the_warehouse_execute(which):
    assert read_run_results(run_results(which=which)).is_executing


@pytest.mark.parametrize(
    "which", ["generate", "compile", "show", "list", "freshness", "docs", None]
)
def test_commands_that_only_read_do_not(which):
    assert not read_run_results(run_results(which=which)).is_executing


@pytest.mark.parametrize("which", [None, 5, ["build"], {}, ""])
def test_a_command_that_is_no_word_is_none(which):
    assert read_run_results(run_results(args={"which": which})).command is None


def test_kept_arguments_are_an_allow_list():
    """`--vars` and environment values may hold secrets; whatever is new stays out too."""
    args = {
        "which": "build",
        "select": ["orders"],
        "vars": {"token": "s3cret"},
        "invocation_command": "dbt build --vars '{token: s3cret}'",
        "profiles_dir": "/somewhere",
        "invented": 1,
    }

    kept = read_run_results(run_results(args=args)).kept_args
    assert kept == {"which": "build", "select": ["orders"]}


def test_arguments_that_say_nothing_are_left_out():
    args = {"which": "run", "select": [], "exclude": None, "full_refresh": False, "selector": ""}

    assert read_run_results(run_results(args=args)).kept_args == {"which": "run"}


def test_a_full_refresh_is_kept():
    assert read_run_results(run_results(args={"full_refresh": True})).kept_args == {
        "full_refresh": True
    }


def test_fusion_leaves_keys_out():
    told = read_run_results(b'{"results": [{"unique_id": "model.shop.orders"}]}').results[0]

    assert (told.status, told.failures, told.message, told.compiled_code) == ("", None, None, None)
    assert told.phase("execute") == (None, None)
    assert told.adapter.rows_affected is None


@pytest.mark.parametrize(
    ("failures", "expected"), [(3, 3), (0, 0), (None, None), ("Test failure", None), (2.0, 2)]
)
def test_failures_are_a_number_or_nothing(failures, expected):
    assert read(failures=failures).failures == expected


def test_tests_of_dbt_0_19_put_the_number_of_failing_rows_into_the_message():
    told = read(status="fail", message=4)

    assert (told.failures, told.message) == (4, "4")


def test_a_number_in_words_is_no_number_of_failures():
    assert read(message="12 rows").failures is None


def test_phases_are_told_by_name():
    noon, later = "2026-03-01T12:00:00.000001Z", "2026-03-01T12:00:02.5Z"
    timing = [
        {"name": "execute", "started_at": noon, "completed_at": later},
        {"name": "compile", "started_at": noon, "completed_at": noon},
    ]

    assert read(timing=timing).phase("execute") == (
        datetime(2026, 3, 1, 12, microsecond=1, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 2, 500000, tzinfo=UTC),
    )


def test_nanoseconds_are_cut_to_microseconds():
    assert read(timing=timed("2026-03-01T12:00:00.123456789Z")).phase("compile")[1] == datetime(
        2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC
    )


def test_a_skipped_node_has_no_phases():
    assert read(status="skipped", timing=[], execution_time=0).phase("execute") == (None, None)


def test_a_phase_that_never_ended_has_only_a_start():
    timing = [{"name": "execute", "started_at": "2026-03-01T12:00:00Z", "completed_at": None}]

    assert read(timing=timing).phase("execute") == (datetime(2026, 3, 1, 12, tzinfo=UTC), None)


def test_the_adapters_numbers_are_read():
    told = read(
        adapter_response={
            "_message": "SUCCESS 1",
            "rows_affected": 12,
            "bytes_processed": 2048,
            "query_id": "01b2",
            "job_id": "job-1",
        }
    ).adapter

    assert (told.rows_affected, told.bytes_processed) == (12, 2048)
    assert (told.query_id, told.job_id) == ("01b2", "job-1")


@pytest.mark.parametrize(
    ("response", "rows", "bytes_processed"),
    [
        ({"rows_affected": "SUCCESS", "bytes_processed": "2048"}, None, 2048),
        ({"rows_affected": -1}, None, None),
        ({"rows_affected": 3.0, "bytes_processed": 1.5e9}, 3, 1_500_000_000),
        ({"bytes_processed": "1.2 GiB", "query_id": 17}, None, None),
        ({}, None, None),
        (None, None, None),
        ("OK", None, None),
        ([1], None, None),
    ],
)
def test_an_odd_adapter_response_costs_only_itself(response, rows, bytes_processed):
    told = read(adapter_response=response).adapter

    assert (told.rows_affected, told.bytes_processed) == (rows, bytes_processed)
    assert told.query_id is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"successful": [["2026-03-01", "2026-03-02"]], "failed": []}, (1, 0)),
        ({"successful": [], "failed": [["a", "b"], ["b", "c"]]}, (0, 2)),
        ({}, (None, None)),
        (None, (None, None)),
        ({"successful": 3}, (None, None)),
        ("all", (None, None)),
    ],
)
def test_batches_of_a_microbatch_model_are_counted(told, expected):
    assert read(batch_results=told).batches == expected


def test_an_unknown_status_is_kept_as_written():
    assert read(status="Partial Success?").status == "Partial Success?"
