"""Which relations the warehouse will show differently, from two manifests and from the history."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.docs_diff.persisted import changed_relations
from tests.builders import ORDERS, column, manifest, node
from tests.docs_diff.made import BOTH, changes, orders

TEXTS = st.sampled_from(["", "A", "B"])
FLAGS = st.sampled_from([None, {}, {"relation": True}, {"columns": True}, BOTH["persist_docs"]])


def changed(before, after):
    return changed_relations(Manifest(manifest(*before)), Manifest(manifest(*after)))


def test_only_what_changed_is_named():
    other = "model.shop.customers"
    same = orders("Text.", unique_id=other)
    assert changed([orders("Old."), same], [orders("New."), same]) == {ORDERS}


def test_columns_that_differ_in_case_are_columns_of_their_own():
    before = node(columns=[column("id", "A"), column("ID", "B")], config=BOTH)
    after = node(columns=[column("id", "A"), column("ID", "C")], config=BOTH)
    assert changed([before], [after]) == {ORDERS}
    assert changed([before], [before]) == set()


def test_a_removed_relation_is_not_named():
    assert changed([orders("Text.")], []) == set()


@st.composite
def states(draw):
    if draw(st.integers(0, 9)) == 0:
        return []
    return [
        orders(
            draw(TEXTS),
            draw(st.dictionaries(st.sampled_from(["id", "Name"]), TEXTS)),
            config={
                "persist_docs": draw(FLAGS),
                "materialized": draw(st.sampled_from(["table", "table", "ephemeral"])),
            },
            relation_name=draw(st.sampled_from(['"a"', '"b"'])),
        )
    ]


@settings(max_examples=300, deadline=None)
@given(states(), states())
def test_two_manifests_tell_the_same_as_the_history(before, after):
    other = orders(unique_id="model.shop.other")
    rows = changes([other, *before], [other, *after], first_seen_at=None)
    assert changed(before, after) == {row.unique_id for row in rows if row.is_persisted}
