"""Who owns a node."""

import pytest
from msgspec import Raw, json

from sigma_dbt_sync.artifacts.manifest import Owner
from sigma_dbt_sync.normalize.owner import owner_of

FINANCE = {"finance": Owner("Finance", ["fin@shop.example", "cfo@shop.example"])}


def owner(stated=None, meta="{}", group=None):
    return owner_of(meta, group, FINANCE, Raw(json.encode(stated)))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"name": "Ann", "email": "ann@shop.example"}, ("Ann", "ann@shop.example")),
        ({"name": None, "email": ["a@shop.example", "b@shop.example"]},
         (None, "a@shop.example, b@shop.example")),
        ({"team": "Core"}, ("Core", None)),
        ("Ann", ("Ann", None)),
        ("ann@shop.example", (None, "ann@shop.example")),
        (["Ann", "Bob"], ("Ann, Bob", None)),
    ],
)  # fmt: skip
def test_an_owner_may_have_any_shape(stated, expected):
    assert owner(stated) == expected
    assert owner(meta=json.encode({"owner": stated}).decode()) == expected


@pytest.mark.parametrize("nobody", [None, {}, "", [], {"name": "", "email": None}, 7, True])
def test_what_names_nobody_leaves_it_to_the_next(nobody):
    assert owner(nobody, meta='{"owner":"Ann"}') == ("Ann", None)
    assert owner(None, meta=json.encode({"owner": nobody}).decode(), group="finance") == (
        "Finance",
        "fin@shop.example, cfo@shop.example",
    )


def test_the_stated_owner_goes_before_meta_and_meta_before_the_group():
    meta = '{"owner":"Meta"}'

    assert owner("Stated", meta, "finance")[0] == "Stated"
    assert owner(None, meta, "finance")[0] == "Meta"
    assert owner(None, "{}", "finance")[0] == "Finance"


@pytest.mark.parametrize("group", [None, "unheard of"])
def test_without_any_there_is_none(group):
    assert owner(group=group) == (None, None)
