"""dbt's messages, cleaned and worded for people who may not see data values."""

import pytest

from sigma_dbt_sync.normalize.messages import clean, for_people


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
