"""What counts as one change of a relation's health, and how it is told."""

from datetime import timedelta

import pytest
from msgspec import structs

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.health import NOTHING
from sigma_dbt_sync.normalize.health_fold import Definitions, State, fold_health
from sigma_dbt_sync.normalize.health_inputs import health_inputs, in_force, input_rows, order_of
from sigma_dbt_sync.normalize.health_results import results
from sigma_dbt_sync.normalize.versions import VARIANT_LIFETIME, Moment
from tests.builders import ACCOUNT, ENVIRONMENT, ORDERS, data_test, execution, manifest, node
from tests.builders import minutes as at

UNIQUE = data_test("unique_orders_id.0123456789")
NOT_NULL = data_test("not_null_orders_id.0123456789")
OWNED = node(config={"meta": {"owner": {"name": "Ann", "email": "ann@shop.example"}}})


def moment(run_id=1, minute=0.0, variant=""):
    return Moment(
        started_at=at(minute), run_id=run_id, step_index=4, variant=variant, sha256="", git_sha=None
    )


def project(*nodes):
    return health_inputs(Manifest(manifest(*nodes)))


def defined(when, before, after, *, in_force=("",)):
    rows = input_rows(
        when, before, after, account_id=ACCOUNT, environment_id=ENVIRONMENT, project_id=70
    )
    return Definitions(order_of(when), when.variant, list(rows), in_force)


def happened(*executions, nodes=(OWNED, UNIQUE, NOT_NULL), then=()):
    """Fold executions of a project that a first run made known; `then` are later manifests."""
    by_node = {}
    for one in executions:
        by_node.setdefault(one.unique_id, []).append(one)
    variants = dict.fromkeys(range(9), "")
    events = [defined(moment(), {}, project(*nodes)), *then]
    for found in by_node.values():
        events += results(found, NOTHING, variants)
    return fold_health(State(), events, {ORDERS})


def built(status="success", minute=1.0, run_id=1, **fields):
    return execution(status, minute, run_id=run_id, **fields)


def ran(test, status="pass", minute=2.0, run_id=1, **fields):
    return execution(status, minute, run_id=run_id, unique_id=test["unique_id"], **fields)


def steps(changes):
    return [(change.before, change.after, change.order[1]) for change in changes]


def test_several_failing_tests_of_one_run_are_one_change():
    changes = happened(
        built(),
        ran(UNIQUE, run_id=2, minute=10, status="fail", failures=3, message="Got 'ann'."),
        ran(NOT_NULL, run_id=2, minute=11, status="fail"),
    )
    assert steps(changes) == [("unknown", "healthy", 1), ("healthy", "failing", 2)]
    assert changes[1].order[0] == at(10)
    assert (
        changes[1].reason.text == "test not_null_orders_id failed in step 4 of run 2 (and 1 more)"
    )
    assert (changes[1].told.owner_name, changes[1].told.owner_email) == ("Ann", "ann@shop.example")


def test_values_that_dbt_quotes_are_hidden_and_rows_are_counted():
    (change,) = happened(ran(UNIQUE, "fail", failures=3, message="Got 'ann' thrice."))
    assert change.reason.text == (
        "test unique_orders_id failed in step 4 of run 1, 3 rows: Got '…' thrice."
    )


@pytest.mark.parametrize("said", ["Got 3 results, configured to fail if != 0", "Error"])
def test_what_only_counts_the_rows_again_is_left_out(said):
    (change,) = happened(ran(UNIQUE, "fail", failures=3, message=said))
    assert change.reason.text == "test unique_orders_id failed in step 4 of run 1, 3 rows"


def test_a_threshold_of_the_project_is_told():
    said = "Got 3 results, configured to fail if >2"
    (change,) = happened(ran(UNIQUE, "fail", failures=3, message=said))
    assert change.reason.text.endswith(f"3 rows: {said}")


def test_what_a_run_breaks_and_mends_again_is_no_change():
    changes = happened(
        built(),
        ran(UNIQUE, "fail", 10, run_id=2),
        ran(UNIQUE, "pass", 12, run_id=2, invocation_id="retry"),
    )
    assert steps(changes) == [("unknown", "healthy", 1)]


def test_runs_whose_changes_interleave_are_told_as_one():
    changes = happened(
        built(),
        ran(UNIQUE, "fail", 10, run_id=2),
        ran(UNIQUE, "pass", 11, run_id=3),
        ran(UNIQUE, "fail", 12, run_id=2, invocation_id="again"),
    )
    assert steps(changes) == [("unknown", "healthy", 1), ("healthy", "failing", 2)]
    assert changes[1].order[0] == at(12)


def test_deleting_a_failing_test_makes_the_relation_healthy_again():
    without = defined(moment(3, 20), project(OWNED, UNIQUE), project(OWNED))
    changes = happened(
        built(), ran(UNIQUE, "fail", 10, run_id=2), nodes=(OWNED, UNIQUE), then=[without]
    )
    assert steps(changes)[1:] == [("healthy", "failing", 2), ("failing", "healthy", 3)]
    assert changes[2].order[0] == at(20)
    assert changes[2].is_by_project
    assert changes[2].reason.text == "last run succeeded, no tests"


def test_a_deleted_test_that_an_older_run_still_executes_does_not_count():
    without = defined(moment(3, 5), project(OWNED, UNIQUE), project(OWNED))
    changes = happened(
        built(), ran(UNIQUE, "fail", 10, run_id=2), nodes=(OWNED, UNIQUE), then=[without]
    )
    assert steps(changes) == [("unknown", "healthy", 1)]


def test_a_relation_that_leaves_the_project_is_unknown_and_still_has_its_owner():
    gone = defined(moment(3, 20), project(OWNED), {})
    changes = happened(built("error", 10, run_id=2), nodes=(OWNED,), then=[gone])
    assert steps(changes) == [("unknown", "failing", 2), ("failing", "unknown", 3)]
    assert changes[1].reason.text == "it was removed"
    assert changes[1].told.owner_email == "ann@shop.example"


def test_a_skip_since_the_last_build_names_what_failed():
    changes = happened(built(), built("skipped", 10, run_id=2, root_cause="model.shop.stg_orders"))
    assert steps(changes)[1:] == [("healthy", "warning", 2)]
    assert changes[1].reason.text == "not rebuilt: model.shop.stg_orders failed in run 2"


def test_an_attempt_that_failed_names_the_step_whose_command_is_put_before():
    (change,) = happened(built("error", message="boom"))
    assert change.reason.text == "ended with error in step 4 of run 1: boom"
    assert change.reason.command_of == (1, 4)


def test_the_variant_that_last_passed_a_test_says_what_it_judges():
    here, there = "a", "b"
    state = State()
    events = [
        defined(moment(1, 0, here), {}, project(OWNED, UNIQUE), in_force=(here,)),
        defined(moment(2, 1, there), {}, project(OWNED), in_force=(there, here)),
        *results([ran(UNIQUE, "fail", 10, run_id=1)], NOTHING, {1: here}),
    ]
    assert steps(fold_health(state, events, {ORDERS})) == [("unknown", "failing", 1)]
    expired = defined(moment(4, 99, there), {}, {}, in_force=(there,))
    assert steps(fold_health(state, [expired], {ORDERS})) == [("failing", "unknown", 4)]


def test_a_variant_that_no_run_uses_any_more_decides_for_thirty_days():
    old, new = moment(1, 0, "a"), moment(2, 5, "b")
    later = structs.replace(new, run_id=3, started_at=old.started_at + VARIANT_LIFETIME)
    last = structs.replace(later, run_id=4, started_at=later.started_at + timedelta(seconds=1))
    turns = in_force([old, new, later, last])
    assert [(order[1], variants) for order, variants in turns] == [
        (1, ("a",)),
        (2, ("b", "a")),
        (4, ("b",)),
    ]
