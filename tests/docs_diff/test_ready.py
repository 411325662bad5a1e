"""What may be sent, and when."""

from datetime import timedelta

import pytest

from sigma_dbt_sync.docs_diff import states
from sigma_dbt_sync.docs_diff.ready import ready
from tests.builders import minutes
from tests.docs_diff.made import change

NOW = minutes(60 * 24 * 3)


def sendable(when, *, now=NOW, **fields):
    return list(ready([change(**fields)], when=when, now=now))


@pytest.mark.parametrize("state", sorted(states.ALL))
def test_only_what_is_built_is_sent(state):
    fields = {"state": state, "first_built_at": minutes(70)}
    assert bool(sendable("built", **fields)) == (state in {"built", "verified"})


def test_verified_means_seen_in_the_warehouse():
    fields = {"state": "built", "first_built_at": NOW - timedelta(hours=23, minutes=59)}
    assert sendable("verified", **fields) == []
    assert sendable("verified", state="verified") != []


def test_what_nothing_has_shown_for_a_day_is_sent_saying_so():
    (row,) = sendable("verified", state="built", first_built_at=NOW - timedelta(hours=24))
    assert row.state_detail.startswith("Sent unverified")


def test_a_mismatch_is_not_sent_however_long_it_lasts():
    assert sendable("verified", state="mismatch", first_built_at=minutes(0)) == []
