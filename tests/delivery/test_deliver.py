"""Changed descriptions reach Sigma once, and what came of it is written down."""

from datetime import timedelta

import pytest

from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.demo.sigma_catalog import TableComments
from sigma_dbt_sync.errors import NotFound, SyncError
from sigma_dbt_sync.sync.outbox import Terms
from tests.delivery.world import CONNECTION, NEW, OLD, change, model


def test_exactly_the_changed_tables_are_synced_and_confirmed(world):
    world.add_tables("orders", "customers")
    world.write(model("quiet"))
    with world.served() as server:
        report = world.deliver(server)

    assert sorted(world.synced()) == ["customers", "orders"]
    assert world.states() == {"orders.id": "confirmed", "customers.id": "confirmed"}
    assert (report.remaining, len(report.synced), report.failed) == (0, 2, [])


def test_nothing_is_sent_twice(world):
    world.add_tables("orders")
    with world.served() as server:
        world.deliver(server)
        report = world.deliver(server)

    assert world.synced() == ["orders"]
    assert report.tables == []


def test_the_audit_says_who_when_and_with_what_result(world):
    world.add_tables("orders")
    with world.served() as server:
        world.deliver(server)
    ((path, state, attempt, status, expected, verified, connection, finished),) = world.query(
        "SELECT path, state, attempt, http_status, expected_columns, verified_columns, "
        "connection_id, finished_at IS NOT NULL FROM sigma_table_syncs"
    )

    assert (path, state, attempt, status) == ('["shop","analytics","orders"]', "confirmed", 1, 200)
    assert (expected, verified, connection, finished) == (1, 1, "c0ffee", True)


def test_changes_of_one_table_are_one_sync(world):
    world.add_tables("orders")
    world.comments["shop", "analytics", "orders"].columns["other"] = NEW
    world.write(change("orders", "other"), change("orders", ""))
    with world.served() as server:
        world.deliver(server)

    assert world.synced() == ["orders"]
    assert world.states() == {
        "orders.id": "confirmed",
        "orders.other": "confirmed",
        "orders.": "accepted",
    }


@pytest.mark.parametrize(
    "state",
    ["baseline", "not_persisted", "waiting_for_build", "mismatch", "superseded", "confirmed"],
)
def test_what_is_not_in_the_warehouse_or_was_sent_is_not_sent(world, state):
    world.add_tables("orders")
    world.write(change("orders", state=state))
    with world.served() as server:
        world.deliver(server)

    assert world.synced() == []
    assert world.states() == {"orders.id": state}


def test_an_annotation_in_the_way_is_final_and_named(world):
    world.add_tables("orders")
    world.connection.annotations[("shop", "analytics", "orders"), "id"] = "someone's own words"
    with world.served() as server:
        world.deliver(server)
        world.deliver(server)
    ((detail,),) = world.query("SELECT state_detail FROM dbt_doc_changes")

    assert world.synced() == ["orders"]
    assert world.states() == {"orders.id": "unconfirmed"}
    assert "id" in detail
    assert "Sigma" in detail


def test_only_the_column_that_sigma_shows_otherwise_is_unconfirmed(world):
    world.add_tables("orders")
    world.comments["shop", "analytics", "orders"].columns["other"] = NEW
    world.connection.annotations[("shop", "analytics", "orders"), "id"] = "someone's own words"
    world.write(change("orders", "other"))
    with world.served() as server:
        world.deliver(server)

    assert world.states() == {"orders.id": "unconfirmed", "orders.other": "confirmed"}


def test_an_unknown_table_is_found_by_syncing_its_schema_once(world):
    world.add_tables("orders", "customers")
    world.connection.indexed.clear()
    with world.served() as server:
        world.deliver(server)
    levels = [sync.level for sync in world.organization.syncs]

    assert sorted(levels) == ["schema", "table", "table"]
    assert set(world.states().values()) == {"confirmed"}


def test_a_table_sigma_cannot_see_waits_a_day_and_does_not_hold_up_others(world):
    world.add_tables("orders", "hidden")
    del world.connection.indexed["shop", "analytics", "hidden"]
    hidden = world.comments.pop(("shop", "analytics", "hidden"))
    with world.served() as server:
        report = world.deliver(server)
        assert world.states() == {"orders.id": "confirmed", "hidden.id": "failed"}
        assert "GRANT SELECT" in report.failed[0].outcome.error
        assert report.remaining == 0

        world.comments["shop", "analytics", "hidden"] = hidden
        world.now += timedelta(hours=23)
        world.deliver(server)
        assert world.states()["hidden.id"] == "failed"

        world.now += timedelta(hours=1)
        world.deliver(server)
    assert world.states()["hidden.id"] == "confirmed"


def test_failed_ones_are_sent_at_once_by_hand(world):
    world.add_tables("orders")
    world.write(change("orders", state="failed", settled_at=world.now))
    by_hand = Terms(world.terms.connection_of, "built", failed_too=True)
    with world.served() as server:
        world.deliver(server, terms=by_hand)

    assert world.states() == {"orders.id": "confirmed"}


def test_a_refused_sync_says_which_permission(world):
    world.add_tables("orders")
    with world.served() as server:
        body = b'{"requestId": "r1", "message": "Forbidden", "code": "forbidden"}'
        server.faults.append(Fault("/sync", status=403, body=body, times=100))
        report = world.deliver(server)
    ((error,),) = world.query("SELECT error FROM sigma_table_syncs")

    assert world.states() == {"orders.id": "failed"}
    assert report.failed[0].outcome.state == "denied"
    assert "Can use & annotate" in error


def test_an_outage_in_the_middle_leaves_the_rest_for_later(world):
    names = [f"t{number:02}" for number in range(30)]
    world.add_tables(*names)
    with world.served() as server:
        server.faults.append(Fault("/sync", status=503, times=10_000))
        report = world.deliver(server)
        assert set(world.states().values()) == {"built"}
        assert report.remaining == 30
        assert len(report.tables) < 30  # it does not ask for each of them in vain

        server.faults.clear()
        assert world.deliver(server).remaining == 0
    assert sorted(world.synced()) == names
    assert set(world.states().values()) == {"confirmed"}


def test_a_sigma_that_is_down_claims_nothing(world):
    world.add_tables("orders")
    with world.served() as server:
        server.faults.append(Fault("/", status=503, times=10_000))
        with pytest.raises(SyncError, match="Sigma"):
            world.deliver(server)

    assert world.query("SELECT count(*) FROM sigma_table_syncs") == [(0,)]
    assert world.states() == {"orders.id": "built"}


def test_a_connection_nobody_knows_is_told_with_those_that_exist(world):
    world.add_tables("orders")
    unknown = Terms(lambda _: "Shop warehous", "built")
    with world.served() as server, pytest.raises(NotFound, match=CONNECTION):
        world.deliver(server, terms=unknown)


def test_a_project_without_a_connection_sends_nothing_and_is_named(world):
    world.add_tables("orders")
    nowhere = Terms(lambda _: None, "built")
    with world.served() as server:
        report = world.deliver(server, terms=nowhere)

    assert (world.synced(), report.unconnected, report.remaining) == ([], {70}, 0)


def test_verified_waits_for_the_warehouse_and_for_a_day_at_most(world):
    world.add_tables("orders", "seen")
    world.write(change("seen", state="verified"))
    careful = Terms(world.terms.connection_of, "verified")
    with world.served() as server:
        world.deliver(server, terms=careful)
        assert world.states() == {"orders.id": "built", "seen.id": "confirmed"}

        world.now += timedelta(hours=24)
        world.deliver(server, terms=careful)
    assert world.states()["orders.id"] == "confirmed"


def test_the_node_that_built_a_table_last_has_the_last_word(world):
    world.add_tables("orders")
    place = {"identifier": "orders", "relation_key": "SHOP.ANALYTICS.ORDERS"}
    world.write(
        model("orders_again", **place),
        change("orders_again", description=OLD, built_at=world.now - timedelta(days=1)),
    )
    with world.served() as server:
        world.deliver(server)

    assert world.synced() == ["orders"]
    assert world.states() == {"orders.id": "confirmed", "orders_again.id": "superseded"}


def test_a_table_may_be_asked_for_by_hand_though_nothing_changed(world):
    world.add_tables("orders")
    world.write(change("orders", state="baseline"))
    with world.served() as server:
        world.deliver(server, node_keys=["orders"])
        world.deliver(server, node_keys=["orders"])
    causes = world.query("SELECT cause, state FROM sigma_table_syncs")

    assert world.synced() == ["orders", "orders"]
    assert causes == [("baseline", "accepted")] * 2
    assert world.states() == {"orders.id": "baseline"}


def test_one_connection_nobody_knows_does_not_hold_up_the_others(world):
    world.add_tables("orders")
    world.write(model("fines", project_id=71), change("fines", project_id=71))
    of_project = Terms({70: CONNECTION, 71: "Libary"}.get, "built")
    with world.served() as server:
        report = world.deliver(server, terms=of_project)

    assert world.states() == {"orders.id": "confirmed", "fines.id": "built"}
    assert (report.remaining, report.is_good) == (1, False)
    assert "Shop warehouse" in report.unknown_connections["Libary"]


def test_a_table_whose_turn_comes_when_the_lease_nears_its_end_is_left_to_the_next(world):
    """Or two deliveries could be at it."""
    world.add_tables("orders")
    moments = iter([world.now] * 3)  # until it is claimed; then eleven minutes are gone
    with world.served() as server:
        report = world.deliver(
            server, clock=lambda: next(moments, world.now + timedelta(minutes=11))
        )
        assert (world.synced(), report.remaining) == ([], 1)
        assert world.states() == {"orders.id": "built"}

        world.deliver(server)
    assert world.synced() == ["orders"]


def test_a_warehouse_without_databases_has_paths_of_two_names(world):
    world.comments["analytics", "orders"] = TableComments(None, {"id": NEW})
    world.connection.index_everything()
    world.write(model("orders", database_name=None), change("orders"))
    with world.served() as server:
        world.deliver(server)

    assert [sync.path for sync in world.organization.syncs] == [("analytics", "orders")]
    assert world.states() == {"orders.id": "confirmed"}
