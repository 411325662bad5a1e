"""Which changes follow from the versions of a node."""

import pytest

from tests.builders import NOON, minutes
from tests.docs_diff.made import BOTH, changes, orders, told

OFF = {"persist_docs": {}}


def test_a_changed_description_is_a_change_with_both_texts_and_its_commit():
    (row,) = changes(orders("Old."), orders("New."))
    assert (row.before_description, row.description) == ("Old.", "New.")
    assert (row.column_key, row.column_name, row.change_kind) == ("", None, "changed")
    assert (row.changed_at, row.run_id, row.git_sha) == (minutes(60), 2, "sha2")
    assert row.is_persisted
    assert row.was_persisted
    assert row.state == "waiting_for_build"


def test_a_column_is_named_as_the_project_writes_it_and_found_by_its_key():
    (row,) = changes(orders(columns={"Email": "Old."}), orders(columns={"Email": "New."}))
    assert (row.column_key, row.column_name) == ("email", "Email")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"id": "Key."}, {"id": ""}, [("id", "cleared", "", True)]),
        ({"id": "Key."}, {}, [("id", "cleared", "", True)]),
        ({}, {"id": "Key."}, [("id", "new_column", "Key.", True)]),
        ({"id": ""}, {"id": "Key."}, [("id", "changed", "Key.", True)]),
        ({}, {"id": ""}, []),
        ({"id": ""}, {}, []),
        ({"id": "Key."}, {"id": "Key."}, []),
    ],
)
def test_what_became_of_a_columns_text(before, after, expected):
    assert told(changes(orders(columns=before), orders(columns=after))) == expected


def test_a_cleared_description_is_a_change():
    assert told(changes(orders("Old."), orders())) == [("", "cleared", "", True)]


def test_each_flag_rules_over_its_own_texts():
    only_columns = {"persist_docs": {"columns": True}}
    rows = changes(
        orders("Old.", {"id": "Old."}, config=only_columns),
        orders("New.", {"id": "New."}, config=only_columns),
    )
    assert told(rows) == [("", "changed", "New.", False), ("id", "changed", "New.", True)]
    assert [row.state for row in rows] == ["not_persisted", "waiting_for_build"]


def test_a_flag_switched_on_makes_every_text_news_that_is_one():
    rows = changes(
        orders("Text.", {"id": "Key.", "name": ""}, config=OFF),
        orders("Text.", {"id": "Key.", "name": ""}),
    )
    assert told(rows) == [("", "persisted", "Text.", True), ("id", "persisted", "Key.", True)]
    assert not any(row.was_persisted for row in rows)


def test_a_flag_switched_off_is_told_too():
    rows = changes(orders("Text."), orders("Text.", config=OFF))
    assert told(rows) == [("", "unpersisted", "Text.", False)]


def test_a_text_cleared_while_the_flag_was_off_is_news_when_it_is_on_again():
    rows = changes(
        orders("Text.", {"id": "Key."}),
        orders("Text.", {"id": "Key."}, config=OFF),
        orders(config=OFF),
        orders(),
    )
    assert told(rows)[-2:] == [("", "cleared", "", True), ("id", "cleared", "", True)]
    assert rows[-1].changed_at == minutes(180)


def test_of_an_ephemeral_model_nothing_is_persisted():
    ephemeral = {**BOTH, "materialized": "ephemeral"}
    rows = changes(orders("Old.", config=ephemeral), orders("New.", config=ephemeral))
    assert told(rows) == [("", "changed", "New.", False)]


def test_a_source_is_never_persisted():
    uid = "source.shop.till.orders"
    rows = changes(orders("Old.", unique_id=uid), orders("New.", unique_id=uid), unique_id=uid)
    assert told(rows) == [("", "changed", "New.", False)]


def test_what_the_first_manifest_has_is_no_change():
    assert changes(orders("Text.", {"id": "Key."})) == []


def test_a_new_relation_tells_its_documented_texts():
    rows = changes([], orders("Text.", {"id": "Key.", "name": ""}), first_seen_at=minutes(60))
    assert told(rows) == [
        ("", "new_relation", "Text.", True),
        ("id", "new_relation", "Key.", True),
    ]
    assert {row.before_description for row in rows} == {None}


def test_a_relation_that_another_variant_knew_before_is_not_new():
    assert changes([], orders("Text."), first_seen_at=minutes(30)) == []


def test_a_relation_that_another_variant_knew_before_still_changes():
    rows = changes([], orders("Old."), orders("New."), first_seen_at=minutes(30))
    assert told(rows) == [("", "changed", "New.", True)]


def test_a_removed_relation_tells_nothing_and_is_new_when_it_comes_back():
    gone = changes(orders("Text.", {"id": "Key."}), [])
    assert gone == []
    back = changes(orders("Text.", {"id": "Key."}), [], orders("Text.", {"id": "Key."}))
    assert told(back) == [
        ("", "new_relation", "Text.", True),
        ("id", "new_relation", "Key.", True),
    ]


def test_another_name_is_another_table_and_all_its_texts_are_news():
    rows = changes(
        orders("Text.", {"id": "Key.", "name": ""}),
        orders("Text.", {"id": "Key.", "name": ""}, relation_name='"shop"."analytics"."sales"'),
    )
    assert told(rows) == [
        ("", "new_relation", "Text.", True),
        ("id", "new_relation", "Key.", True),
    ]
    assert {row.relation_name for row in rows} == {'"shop"."analytics"."sales"'}
    assert not any(row.was_persisted for row in rows)


def test_another_name_of_a_relation_whose_docs_are_not_persisted_is_no_news():
    elsewhere = orders("Text.", config=OFF, relation_name='"shop"."analytics"."sales"')
    assert changes(orders("Text.", config=OFF), elsewhere) == []


def test_a_change_of_code_or_types_alone_is_no_change():
    rows = changes(orders("Text.", raw_code="select 1"), orders("Text.", raw_code="select 2"))
    assert rows == []


def test_coming_back_to_a_text_is_a_change_of_its_own():
    rows = changes(orders("A"), orders("B"), orders("A"), orders("B"))
    assert [row.description for row in rows] == ["B", "A", "B"]
    assert len({row.change_id for row in rows}) == 3


def test_the_same_history_gives_the_same_ids():
    history = orders("Old.", {"id": "Old."}), orders("New.", {"id": "New."})
    assert changes(*history) == changes(*history)


def test_the_first_manifest_may_be_another_variants():
    rows = changes(orders("Old."), orders("New."), first_manifest_at=minutes(-30))
    assert told(rows) == [
        ("", "new_relation", "Old.", True),
        ("", "changed", "New.", True),
    ]
    assert rows[0].changed_at == NOON
