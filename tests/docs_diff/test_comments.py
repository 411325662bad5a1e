"""Whether the warehouse shows a text, and why not."""

import pytest

from sigma_dbt_sync.docs_diff.comments import Evidence, TableComments, look
from tests.builders import minutes
from tests.docs_diff.made import change


def found(row, table, **fields):
    return look(row, Evidence(seen_at=minutes(90), by="catalog", table=table, **fields))


def column(text="Key.", name="id", **fields):
    return change(text, column_key=name.lower(), column_name=name, **fields)


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("Price in $.", "Price in $."),
        ("Price in $.", "Price in [$]."),
        ("Written as [$].", "Written as [$]."),
        ("Written as [$].", "Written as [[$]]."),
        ("Two lines.\nTwo.\n", "Two lines.\nTwo."),
        ("", None),
        ("", ""),
        ("Größe 📦 'x' \"y\" \\", "Größe 📦 'x' \"y\" \\"),
    ],
)
def test_the_text_is_there(text, comment):
    assert found(column(text), TableComments(None, {"id": comment})).is_shown
    assert found(change(text), TableComments(comment, {})).is_shown


def test_a_dollar_is_not_just_left_out():
    assert not found(change("5 $"), TableComments("5 ", {})).is_shown


@pytest.mark.parametrize("name", ["id", "ID", "Id"])
def test_a_column_is_found_in_any_case(name):
    assert found(column(), TableComments(None, {name: "Key.", "other": None})).is_shown


def test_of_two_columns_that_differ_in_case_the_exact_one_counts():
    table = TableComments(None, {"id": "Key.", "ID": "Other."})
    assert found(column(name="id"), table).is_shown
    assert found(column(name="ID"), table).comment == "Other."
    assert "case or quoting" in found(column(name="Id"), table).reason


@pytest.mark.parametrize(
    ("row", "table", "words"),
    [
        (change("New."), None, "does not have the relation"),
        (column(), TableComments(None, {"name": None}), "has no column id."),
        (column(name="OrderId"), TableComments(None, {"order_id": None}), "but order_id"),
        (column(name="Id"), TableComments(None, {"ID": None}), "did not find the column"),
        (column(""), TableComments(None, {"id": "Old."}), "Cleared in the project only"),
        (change("New."), TableComments("Old.", {}), "still shows the text before"),
        (change("New."), TableComments(None, {}), "shows no comment"),
        (change("A long text."), TableComments("A long", {}), "after 6 characters"),
        (change("New."), TableComments("Mine.", {}), "another text"),
    ],
)
def test_why_it_is_not_there(row, table, words):
    finding = found(row, table)
    assert not finding.is_shown
    assert words in finding.reason


def test_a_column_that_went_with_its_text_needs_no_comment():
    assert found(column(""), TableComments(None, {"name": None})).is_shown


def test_a_catalog_that_never_carries_comments_says_nothing_by_silence():
    row, table = column(), TableComments(None, {"id": None})
    assert found(row, table, tells_columns=False) is None
    assert found(change("New."), table, tells_relations=False) is None
    assert not found(column(), TableComments(None, {"id": "Other."}), tells_columns=False).is_shown
