"""When variants of a project lapse, and when they come back."""

from datetime import timedelta

from sigma_dbt_sync.normalize.lapses import Turn, turns
from sigma_dbt_sync.normalize.versions import Moment
from tests.builders import NOON


def used(day, variant):
    return Moment(
        started_at=NOON + timedelta(days=day),
        run_id=day,
        step_index=5,
        variant=variant,
        sha256=f"{variant}{day}",
        git_sha=None,
    )


def told(*moments):
    return {order[1]: turn for order, turn in turns(moments).items()}


def test_a_variant_lapses_when_a_run_shows_that_it_was_unused_for_30_days():
    assert told(used(0, "a"), used(1, "b"), used(31, "b"), used(32, "b")) == {
        31: Turn(lapsed={"a"}, returned=set(), counting={"b"})
    }


def test_a_variant_used_30_days_ago_still_counts():
    assert told(used(0, "a"), used(30, "b")) == {}


def test_a_variant_that_is_used_again_comes_back():
    found = told(used(0, "a"), used(31, "b"), used(33, "a"))

    assert found[33] == Turn(lapsed=set(), returned={"a"}, counting={"a", "b"})


def test_the_only_variant_never_lapses():
    assert told(used(0, "a"), used(100, "a")) == {}


def test_a_new_variant_is_no_turn():
    assert told(used(0, "a"), used(1, "b")) == {}
