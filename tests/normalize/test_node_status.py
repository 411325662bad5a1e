"""Where a node stands after each result."""

import pytest

from sigma_dbt_sync.normalize.node_status import Compiled, Observations, fold
from sigma_dbt_sync.tables.results import SourceFreshnessRow
from tests.builders import ORDERS, execution, minutes

TEST = "test.shop.unique_orders_id"
SESSIONS = "source.shop.web.sessions"


def no_history(unique_ids):
    raise AssertionError(unique_ids)


def observations(executions=(), freshness=(), compiled=(), seen=None, variants=None):
    return Observations(
        account_id=7,
        project_id=70,
        environment_id=700,
        executions=list(executions),
        freshness=list(freshness),
        compiled=list(compiled),
        seen=seen or {},
        variants=variants or {one.run_id: f"variant-{one.run_id}" for one in executions},
    )


def stand(*executions, before=None, history=no_history):
    """Fold executions of one node; return its row."""
    rows = fold({before.unique_id: before} if before else {}, observations(executions), history)
    (row,) = rows.values()
    return row


def folded(news, before=None):
    return fold(before or {}, news, no_history)


def check(status="pass", at=0.0, **fields):
    made = dict.fromkeys(SourceFreshnessRow.__struct_fields__) | {
        "account_id": 7,
        "environment_id": 700,
        "project_id": 70,
        "unique_id": SESSIONS,
        "run_id": 1,
        "step_index": 4,
        "feeds_state": True,
        "status": status,
        "status_group": {"error": "bad"}.get(status, "ok"),
        "snapshotted_at": minutes(at),
    }
    return SourceFreshnessRow(**(made | fields))


def compiled(code, at=0.0, run_id=1, step_index=4):
    return Compiled(
        unique_id=ORDERS,
        code_hash=code,
        run_started_at=minutes(at),
        run_id=run_id,
        step_index=step_index,
    )


def test_a_good_build_is_latest_attempt_and_last_build():
    row = stand(execution("success", 1, rows_affected=12, execution_seconds=2.5))

    assert (row.latest_status, row.attempt_status) == ("success", "success")
    assert row.latest_at == row.attempted_at == row.ok_at == minutes(1)
    assert (row.ok_run_id, row.ok_job_id, row.ok_variant) == (1, 7000, "variant-1")
    assert (row.attempt_rows_affected, row.attempt_seconds) == (12, 2.5)
    assert row.failing_since_at is None


def test_a_skip_after_a_build_is_latest_but_no_attempt():
    row = stand(
        execution("success", 1), execution("skipped", 2, run_id=2, root_cause="model.shop.stg")
    )

    assert (row.latest_status, row.latest_run_id) == ("skipped", 2)
    assert row.latest_root_cause == "model.shop.stg"
    assert (row.attempt_status, row.attempt_run_id, row.ok_run_id) == ("success", 1, 1)


def test_a_failure_after_a_build_leaves_the_last_build():
    row = stand(execution("success", 1), execution("error", 2, run_id=2, message="no 'x'"))

    assert (row.attempt_status, row.attempt_status_group, row.ok_at) == ("error", "bad", minutes(1))
    assert (row.attempt_message, row.latest_message) == ("no '…'", "no '…'")
    assert (row.failing_since_at, row.failing_since_run_id) == (minutes(2), 2)


def test_failing_since_is_the_first_of_a_row_of_failures():
    row = stand(
        execution("success", 1),
        execution("error", 2, run_id=2),
        execution("skipped", 3, run_id=3),
        execution("error", 4, run_id=4),
    )

    assert (row.failing_since_at, row.failing_since_run_id) == (minutes(2), 2)


def test_a_good_result_ends_the_failure():
    row = stand(execution("error", 1), execution("success", 2, run_id=2))

    assert (row.failing_since_at, row.failing_since_run_id) == (None, None)


def test_a_root_cause_is_forgotten_when_the_node_runs_again():
    row = stand(execution("skipped", 1, root_cause="x"), execution("success", 2, run_id=2))

    assert row.latest_root_cause is None


def test_a_warning_builds_a_relation():
    row = stand(execution("partial success", 1, group="warn"))

    assert (row.ok_at, row.attempt_status_group) == (minutes(1), "warn")


def test_a_warning_is_not_a_pass_of_a_test():
    row = stand(execution("warn", 1, unique_id=TEST))

    assert (row.ok_at, row.latest_status_group) == (None, "warn")


def test_a_warning_is_no_failure():
    row = stand(
        execution("fail", 1, unique_id=TEST), execution("warn", 2, unique_id=TEST, run_id=2)
    )

    assert row.failing_since_at is None


@pytest.mark.parametrize("status", ["no-op", "reused"])
def test_what_dbt_did_not_build_was_not_built(status):
    row = stand(execution("success", 1), execution(status, 2, run_id=2))

    assert (row.ok_at, row.attempt_status) == (minutes(1), status)


def test_an_unknown_status_is_an_attempt_and_nothing_else():
    row = stand(execution("error", 1), execution("half done", 2, group="other", run_id=2))

    assert (row.attempt_status, row.ok_at, row.failing_since_at) == ("half done", None, minutes(1))


def test_results_that_do_not_feed_state_leave_no_trace():
    """CI runs, and what a cancelled run left undone."""
    assert folded(observations([execution("error", 1, feeds_state=False)])) == {}
    assert folded(observations(freshness=[check("error", feeds_state=False)])) == {}


def test_a_name_stays_known_when_a_result_has_none():
    """A skipped node, and results until run_results v4, name no relation."""
    row = stand(execution("success", 1, relation_name='"o"'), execution("skipped", 2, run_id=2))

    assert row.relation_name == '"o"'


def test_two_results_at_one_moment_are_ordered_by_run_and_step():
    later = execution("error", 1, run_id=2, step_index=1)
    last = execution("skipped", 1, run_id=2, step_index=2)

    assert stand(last, later, execution("success", 1)).latest_status == "skipped"


def test_new_results_go_on_from_the_row_in_force_without_history():
    before = stand(execution("error", 1))
    row = stand(execution("error", 2, run_id=2), before=before)

    assert (row.latest_run_id, row.failing_since_run_id) == (2, 1)


def test_the_same_results_again_change_nothing():
    both = [execution("error", 1), execution("error", 2, run_id=2)]
    before = stand(*both)

    assert stand(*both, before=before, history=lambda _: [(both[0], "v")]) == before
    assert stand(both[1], before=before) == before


def test_a_late_result_changes_the_past():
    """The failure that a good build ended arrives after that build."""
    first, late, last = (
        execution("error", 1, run_id=1),
        execution("success", 2, run_id=2),
        execution("error", 3, run_id=3),
    )
    before = stand(first, last)
    history = [(first, "variant-1"), (last, "variant-3")]
    row = stand(late, before=before, history=lambda ids: history if ids == [ORDERS] else None)

    assert before.failing_since_run_id == 1
    assert row == stand(first, late, last)
    assert (row.failing_since_run_id, row.ok_variant) == (3, "variant-2")


def test_history_of_a_run_that_is_loaded_again_is_not_believed():
    """A late artifact replaces the rows of its run: what is stored of it is out of date."""
    out_of_date, last = execution("success", 1), execution("error", 5, run_id=2)
    before = stand(out_of_date, last)
    stored = [(out_of_date, "variant-1"), (last, "variant-2")]
    row = stand(execution("error", 1), before=before, history=lambda _: stored)

    assert (before.failing_since_run_id, before.ok_run_id) == (2, 1)
    assert (row.failing_since_run_id, row.ok_run_id) == (1, None)


def test_the_newest_freshness_check_wins_in_any_order():
    old, new = check("pass", 1, run_id=1), check("error", 2, run_id=2, message="no 'x'")
    rows = [folded(observations(freshness=order)) for order in ([old, new], [new, old])]

    assert rows[0] == rows[1]
    row = rows[0][SESSIONS]
    assert (row.freshness_status, row.freshness_status_group) == ("error", "bad")
    assert (row.freshness_at, row.freshness_message) == (minutes(2), "no '…'")


def test_an_older_freshness_check_of_a_later_batch_is_ignored():
    present = folded(observations(freshness=[check("error", 2, relation_name='"s"')]))
    row = folded(observations(freshness=[check("pass", 1)]), present).get(SESSIONS)

    assert row is None


def test_freshness_is_no_attempt():
    assert folded(observations(freshness=[check()]))[SESSIONS].attempt_status is None


def test_compiled_code_is_never_overwritten_by_nothing():
    """`dbt test`, `seed` and `source freshness` write manifests without it."""
    present = folded(observations(compiled=[compiled("first")]))
    row = folded(observations([execution("success", 9, run_id=9)]), present)[ORDERS]

    assert (row.compiled_code_hash, row.compiled_run_id) == ("first", 1)


@pytest.mark.parametrize("newest_last", [True, False])
def test_the_newest_compiled_code_wins_whatever_came_first(newest_last):
    """By run, then step: not by when it was loaded."""
    told = [compiled("old", 1), compiled("new", 2, 2, 4), compiled("newest", 2, 2, 5)]
    rows = {}
    for one in told if newest_last else reversed(told):
        rows |= folded(observations(compiled=[one]), rows)

    assert rows[ORDERS].compiled_code_hash == "newest"
    assert (rows[ORDERS].compiled_at, rows[ORDERS].compiled_step_index) == (minutes(2), 5)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_node_was_first_seen_by_the_first_run_that_knew_it(order):
    rows = {}
    for start in order:
        rows |= folded(observations(seen={ORDERS: minutes(start)}), rows)

    assert rows[ORDERS].first_seen_at == minutes(1)


def test_a_node_seen_again_is_not_touched():
    present = folded(observations(seen={ORDERS: minutes(1)}))

    assert folded(observations(seen={ORDERS: minutes(2)}), present) == {}


def test_a_node_that_was_only_seen_has_a_row_without_results():
    row = folded(observations(seen={ORDERS: minutes(1)}))[ORDERS]

    assert (row.resource_type, row.latest_at, row.attempt_status) == ("model", None, None)
    assert (row.account_id, row.environment_id, row.project_id) == (7, 700, 70)
