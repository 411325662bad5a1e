"""Names that rows are found and compared by."""

from sigma_dbt_sync.normalize.keys import (
    MAX_CODE_CHARACTERS,
    code_hash,
    code_row,
    digest,
    node_key,
    to_json,
)


def test_a_node_key_tells_accounts_environments_and_nodes_apart():
    keys = {node_key(a, e, u) for a in (1, 11) for e in (1, 11) for u in ("m.a", "m.b")}

    assert len(keys) == 8


def test_a_node_key_is_the_same_on_every_machine():
    assert node_key(1, 2, "model.shop.orders") == "d34b39fdf6e663fe7abb4f5f8203834d"


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_json_is_written_with_sorted_keys_and_no_spaces():
    assert to_json({"b": [1, 2], "a": "é"}) == '{"a":"é","b":[1,2]}'


def test_no_code_has_no_hash():
    assert code_hash(None) is None
    assert code_hash("") is None


def test_equal_code_is_stored_under_one_hash():
    row = code_row(7, "select 1", None)

    assert row.code_hash == code_hash("select 1")
    assert (row.code, row.language, row.is_truncated) == ("select 1", "sql", False)


def test_long_code_is_cut_but_hashed_whole():
    long = "x" * MAX_CODE_CHARACTERS
    row, other = code_row(7, long + "a", "python"), code_row(7, long + "b", "python")

    assert len(row.code) == MAX_CODE_CHARACTERS
    assert row.is_truncated
    assert row.code_hash != other.code_hash
    assert not code_row(7, long, "sql").is_truncated
