"""What sigma_sync_status tells: every state a text can be in, and what the newest sync said."""

from datetime import timedelta

import pytest

from sigma_dbt_sync import tables
from tests.views.made_up import ENVIRONMENT, ORDERS, hours_ago, key, relation, row

OTHER = 701


def changed(column, state, *, hours=5, environment=ENVIRONMENT, unique_id=ORDERS, **fields):
    """Make the change of a column's text, or with an empty name of the relation's own."""
    made = {
        "change_id": f"{environment}/{unique_id}/{column}/{hours}",
        "unique_id": unique_id,
        "environment_id": environment,
        "node_key": key(unique_id, environment),
        "column_key": column,
        "column_name": column or None,
        "state": state,
        "changed_at": hours_ago(hours),
    }
    return row(tables.DBT_DOC_CHANGES, **made | fields)


def synced(state, *, hours=1, environment=ENVIRONMENT, **fields):
    """Make an attempt of so many hours ago to sync the relation; a request is never settled."""
    made = {
        "sync_request_id": f"r{hours}",
        "attempt": 1,
        "unique_id": ORDERS,
        "environment_id": environment,
        "node_key": key(ORDERS, environment),
        "relation_key": "shop.analytics.orders",
        "cause": "doc_changes",
        "state": state,
        "requested_at": hours_ago(hours),
        "finished_at": None if state == "requested" else hours_ago(hours) + timedelta(minutes=1),
        "lease_until": hours_ago(hours) + timedelta(minutes=15),
        "path": '["shop","analytics","orders"]',
    }
    return row(tables.SIGMA_TABLE_SYNCS, **made | fields)


@pytest.fixture
def status(ask):
    """Ask for the one row about the orders."""

    def told(*rows):
        (found,) = ask(
            "sigma_sync_status", relation(), *rows, where=f"environment_id = {ENVIRONMENT}"
        )
        return found

    return told


@pytest.mark.parametrize(
    ("state", "told", "waits"),
    [
        ("waiting_for_build", "waiting_for_build", True),
        ("built", "ready", True),
        ("verified", "ready", True),
        ("mismatch", "mismatch", True),
        ("failed", "failed", True),
        ("sent", "sent", False),
        ("confirmed", "confirmed", False),
        ("accepted", "accepted", False),
        ("unconfirmed", "unconfirmed", False),
        ("not_persisted", "not_persisted", False),
    ],
)
def test_a_text_waits_until_sigma_has_taken_it(status, state, told, waits):
    found = status(changed("id", state))

    assert found["delivery_state"] == told
    assert (found["texts_waiting"], found["columns_waiting"]) == ((1, 1) if waits else (0, 0))
    assert found["waiting_since_at"] == (hours_ago(5) if waits else None)
    assert found["texts_sent"] == (told in ("sent", "confirmed", "accepted", "unconfirmed"))
    assert found["delivery_detail"].startswith("id: ")
    assert found["delivery_detail"].endswith(".")


def test_each_kind_of_text_is_counted_once(status):
    states = ["waiting_for_build", "built", "verified", "mismatch", "failed", "confirmed"]
    found = status(
        *(changed(state, state) for state in states),
        changed("", "verified"),
        changed("n", "not_persisted"),
    )

    assert (found["texts_waiting"], found["columns_waiting"]) == (6, 5)
    parts = ("to_build", "ready", "mismatched", "failed")
    assert [found[f"texts_{part}"] for part in parts] == [1, 3, 1, 1]
    assert [found[f"texts_{part}"] for part in ("verified", "sent", "confirmed")] == [2, 1, 1]
    assert found["texts_not_persisted"] == 1


def test_what_was_there_before_or_says_nothing_new_is_not_told(ask):
    rows = (relation(), changed("id", "baseline"), changed("", "superseded"))

    assert ask("sigma_sync_status", *rows) == []


def test_a_newer_text_counts_and_the_one_before_does_not(status):
    found = status(changed("id", "confirmed", hours=9), changed("id", "built", hours=2))

    assert (found["texts_waiting"], found["texts_sent"]) == (1, 0)
    assert found["waiting_since_at"] == hours_ago(2)
    taken_back = status(changed("id", "superseded", hours=1), synced("confirmed"))
    assert (taken_back["texts_waiting"], taken_back["delivery_state"]) == (0, "confirmed")


def test_it_waits_since_the_oldest_text(status):
    found = status(changed("id", "built", hours=30), changed("", "waiting_for_build", hours=3))

    assert found["waiting_since_at"] == hours_ago(30)
    assert found["waiting_seconds"] == pytest.approx(30 * 3600, abs=120)


def test_what_needs_a_person_is_told_first(status):
    found = status(
        changed("a", "confirmed"), changed("b", "waiting_for_build"), changed("c", "mismatch")
    )
    assert (found["delivery_state"], found["delivery_detail"][:3]) == ("mismatch", "c: ")
    found = status(changed("d", "failed", state_detail="No rights."), synced("denied"))
    assert (found["delivery_state"], found["delivery_detail"]) == ("denied", "d: No rights.")


def test_texts_alike_are_named_by_the_oldest_and_counted(status):
    found = status(
        changed("a", "mismatch", hours=1, state_detail="Another text."),
        changed("", "mismatch", hours=9, state_detail="No comment."),
        changed("c", "mismatch", hours=2, state_detail="No column."),
    )

    assert found["delivery_detail"] == "its own description and 2 more: No comment."


def test_a_refusal_says_what_sigma_said_and_by_which_request(status):
    found = status(
        changed("id", "failed", state_detail="Sigma sees no shop.analytics.orders."),
        synced("not_in_sigma", http_status=404, request_id="req-7", attempt=3, connection_id="c1"),
    )

    assert found["delivery_state"] == "not_in_sigma"
    assert found["delivery_detail"] == "id: Sigma sees no shop.analytics.orders."
    assert (found["http_status"], found["request_id"]) == (404, "req-7")
    assert (found["last_sync_attempt"], found["connection_id"]) == (3, "c1")
    assert found["last_synced_at"] is None
    assert found["last_sync_at"] == hours_ago(1) + timedelta(minutes=1)


def test_a_sigma_that_was_down_is_asked_again(status):
    found = status(changed("id", "built"), synced("retry", error="Sigma did not answer."))

    assert found["delivery_state"] == "retry"
    assert found["delivery_detail"] == "id: Sigma did not answer. It is sent again."
    assert found["texts_waiting"] == 1


def test_a_sync_under_way_is_told_only_while_somebody_is_at_it(status):
    under_way = synced("requested", hours=0.1)
    assert status(changed("id", "built"), under_way)["delivery_state"] == "sending"
    cut_off = synced("requested", hours=0.05, lease_until=hours_ago(0.01))
    assert status(changed("id", "built"), cut_off)["delivery_state"] == "ready"


def test_the_newest_attempt_counts_and_the_last_success_is_kept(status):
    address = "https://app.sigmacomputing.com/t/orders"
    found = status(
        synced("confirmed", hours=50, sigma_url=address, http_status=200, verified_columns=2),
        synced("retry", hours=2, error="Down.", http_status=503),
        changed("id", "verified"),
    )

    assert (found["last_sync_state"], found["http_status"]) == ("retry", 503)
    assert found["last_synced_at"] == hours_ago(50) + timedelta(minutes=1)
    assert found["seconds_since_synced"] == pytest.approx(50 * 3600, abs=120)
    assert (found["sigma_url"], found["verified_columns"]) == (address, None)


def test_a_sync_asked_for_by_hand_is_told_without_any_change(status):
    found = status(synced("accepted", cause="baseline"))

    assert (found["delivery_state"], found["last_sync_cause"]) == ("accepted", "baseline")
    assert found["texts_waiting"] == found["texts_sent"] == 0
    assert found["delivery_detail"].startswith("Sigma synced the table")


def test_a_source_says_why_it_never_reaches_sigma(ask):
    uid = "source.shop.web.sessions"
    (found,) = ask("sigma_sync_status", relation(uid), changed("", "not_persisted", unique_id=uid))
    assert found["delivery_state"] == "not_persisted"
    assert "dbt writes no comments on sources" in found["delivery_detail"]
    (model,) = ask(
        "sigma_sync_status",
        relation(),
        changed("", "not_persisted"),
        where="resource_type = 'model'",
    )
    assert "persist_docs is off" in model["delivery_detail"]


def test_environments_do_not_mix(status):
    found = status(
        relation(environment=OTHER),
        changed("id", "confirmed"),
        changed("id", "mismatch", environment=OTHER, hours=1),
        synced("confirmed"),
        synced("denied", environment=OTHER, hours=0.5),
    )

    assert (found["delivery_state"], found["last_sync_state"]) == ("confirmed", "confirmed")


def test_a_relation_that_left_the_project_is_not_told(ask):
    gone = changed("id", "superseded", unique_id="model.shop.gone")

    assert ask("sigma_sync_status", gone, synced("confirmed")) == []


def test_the_demo_waits_for_the_two_tables_that_changed(rows):
    """The demo of these tests has no Sigma: what its first delivery would send waits."""
    found = rows("SELECT * FROM sigma_sync_status WHERE is_production AND texts_waiting > 0")

    assert {row["unique_id"]: row["texts_ready"] for row in found} == {
        "model.shop.customers.v2": 2,
        "model.shop.stg_orders": 1,
    }
    assert {row["delivery_state"] for row in found} == {"ready"}
    assert {row["last_sync_state"] for row in found} == {None}
