"""What is stored about a node's changes, joined with what its history says now."""

from msgspec import structs

from sigma_dbt_sync.docs_diff.carry import carry_on
from tests.builders import minutes
from tests.docs_diff.made import build, change, facts

DELIVERED = {"state": "confirmed", "sent_at": minutes(90), "sync_request_id": "r"}


def carried(derived, stored, *, until=600, **known):
    rows = carry_on(derived, stored, facts(**known), known_until=minutes(until))
    return {row.change_id: row.state for row in rows}


def test_what_deliveries_wrote_stays_with_the_change():
    row = change()
    assert carried([row], [structs.replace(row, **DELIVERED)]) == {row.change_id: "confirmed"}


def test_a_change_that_turns_out_older_is_not_sent_again():
    """An older manifest came late, and it has the text too."""
    later, earlier = change(at=120), change(at=60)
    sent = structs.replace(later, **DELIVERED)
    assert carried([earlier], [sent], last_build=build(120)) == {
        earlier.change_id: "superseded",
        later.change_id: "confirmed",
    }


def test_a_change_that_was_none_goes_unless_it_was_sent():
    assert carried([], [change()]) == {}
    assert carried([], [structs.replace(change(), **DELIVERED)]) != {}


def test_a_change_that_is_not_known_yet_stays_as_it_is():
    """A rebuild begins with the oldest runs."""
    old, new = change("B", 60), structs.replace(change("C", 120, before="B"), state="failed")
    assert carried([old], [new], until=60, last_build=build(60)) == {
        old.change_id: "superseded",
        new.change_id: "failed",
    }


def test_columns_do_not_supersede_each_other():
    first = change("B", 60, column_key="id")
    second = change("C", 120, column_key="name")
    assert set(carried([first, second], [], last_build=build(120)).values()) == {"built"}
