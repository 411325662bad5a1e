"""dbt's messages, cleaned and worded for people who may not see data values."""

import pytest

from sigma_dbt_sync.normalize.messages import clean, for_people, of_freshness
from sigma_dbt_sync.tables.results import SourceFreshnessRow


def test_terminal_colours_are_dropped():
    """Failing unit tests of dbt Core draw their table with them."""
    assert clean("\x1b[31mactual differs\x1b[0m\n") == "actual differs"


@pytest.mark.parametrize("message", [None, "", "  \n", "\x1b[0m"])
def test_an_empty_message_is_none(message):
    assert clean(message) is None


@pytest.mark.parametrize("message", [None, ""])
def test_nothing_stays_nothing_for_people(message):
    assert for_people(message) is None


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("Numeric value 'ann@shop.example' is not", "Numeric value '…' is not"),
        ("'a' and 'b'", "'…' and '…'"),
        ("Couldn't convert 'Ann' to INT32", "Couldn't convert '…' to INT32"),
        ("the model's 'Ann'", "the model's '…'"),
        ("value 'it's Ann' is bad", "value '…' is bad"),
        ("value 'O''Neil' is bad", "value '…''…' is bad"),
        ("value N'Ann' is bad", "value N'…' is bad"),
        ("cut off in 'Ann Mil", "cut off in '…'"),
        (
            "Key (email)=(ann@shop.example) already exists",
            "Key (email)=(…) already exists",
        ),
        ("no answer from https://ann:pw@db.example/x", "no answer from https://…@db.example/x"),
        ("over\ntwo 'li\nnes' lines", "over two '…' lines"),
    ],
)
def test_quoted_values_are_hidden(message, masked):
    assert for_people(message) == masked


def test_identifiers_stay():
    message = 'Column "customer_id" of "shop"."analytics"."orders" is missing'

    assert for_people(message) == message


def test_a_message_is_one_short_line():
    told = for_people("Runtime Error\n\n  " + "word " * 200)

    assert len(told) == 300
    assert told.endswith("…")
    assert "\n" not in told


def test_a_value_is_hidden_before_the_message_is_cut():
    assert "Ann" not in for_people("x" * 290 + " 'Ann Miller and much more'")


def stale(status_group="bad", age=3 * 86_400.0, **fields):
    """Make a freshness check as it is of a source that is three days old."""
    made = dict.fromkeys(SourceFreshnessRow.__struct_fields__)
    made |= {"status_group": status_group, "age_seconds": age}
    made |= {"warn_after_seconds": 43_200, "error_after_seconds": 86_400}
    return SourceFreshnessRow(**(made | fields))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (stale(), "its newest row was 3 days old, 24 hours are allowed"),
        (stale("warn", 90_000.0), "its newest row was 25 hours old, 12 hours are allowed"),
        (stale(age=150.0, error_after_seconds=90), "its newest row was 2 minutes old, 90 seconds"),
        (stale(error_after_seconds=None), "its newest row was 3 days old"),
        (stale("ok"), None),
        (stale(age=None, message="no 'table'"), "no '…'"),
    ],
)
def test_a_stale_source_says_how_old_it_was_and_what_is_allowed(found, told):
    assert (of_freshness(found) or "").startswith(told or "")
    assert (of_freshness(found) is None) == (told is None)
