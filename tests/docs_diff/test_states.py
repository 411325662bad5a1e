"""The states as data: what loads and deliveries may make of each."""

from itertools import product

import pytest
from msgspec import structs

from sigma_dbt_sync.docs_diff import states
from sigma_dbt_sync.docs_diff.advance import advance
from sigma_dbt_sync.docs_diff.comments import Evidence, TableComments
from sigma_dbt_sync.tables.delivery import DBT_DOC_CHANGES
from tests.builders import NOON, minutes
from tests.docs_diff.made import build, change, docs, facts


def evidence(comment):
    return Evidence(seen_at=minutes(80), by="catalog", table=TableComments(comment, {}))


SITUATIONS = [
    facts(baseline_at=baseline, docs=project, last_build=newest, evidence=seen)
    for baseline, project, newest, seen in product(
        [NOON, minutes(600)],
        [None, docs(), docs(relation=False)],
        [None, build(30), build(60)],
        [None, evidence("New."), evidence("Old.")],
    )
]


def steps(state):
    """Every state that some situation makes of one, for the newest text and for an older one."""
    is_persisted = state != states.NOT_PERSISTED
    row = structs.replace(change(), state=state, is_persisted=is_persisted)
    delivered = {"sent_at": minutes(75), "sync_request_id": "r"}
    if state in states.DELIVERED:
        row = structs.replace(row, **delivered)
    unwritten = structs.replace(row, is_persisted=False)
    newer = change("Newer.", 120, before="New.")
    told = structs.replace(row, change_id="gone", state=states.CONFIRMED, **delivered)
    for known in SITUATIONS:
        yield advance([row], known)[0].state
        yield advance([row], known, [told])[0].state
        yield advance([row, newer], known)[0].state
        if state in {states.BASELINE, states.SUPERSEDED}:
            yield advance([unwritten], known)[0].state


@pytest.mark.parametrize("state", sorted(states.ALL))
def test_loads_make_exactly_what_the_table_says(state):
    assert set(steps(state)) == states.BY_LOAD[state]


def test_what_is_not_in_the_table_is_refused():
    with pytest.raises(ValueError, match="cannot make built of confirmed"):
        states.moved(structs.replace(change(), state="confirmed"), "built")


def test_only_deliveries_give_the_states_of_delivery():
    given = {to for state, after in states.BY_LOAD.items() for to in after if to != state}
    assert given & states.DELIVERED == set()
    assert {to for after in states.BY_DELIVERY.values() for to in after} == (
        states.DELIVERED | {states.SUPERSEDED}
    )


def test_the_column_names_every_state():
    description = DBT_DOC_CHANGES.column("state").description
    assert {word.strip(",.") for word in description.split()} - {"or"} == states.ALL
