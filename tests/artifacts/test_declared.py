"""What a project declares is read alike from manifests of any dbt version."""

import pytest
from msgspec import json

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.errors import UnreadableArtifact
from tests.builders import manifest, node

REVENUE = "metric.shop.revenue"
BOARD = "exposure.shop.board"


def read(unique_id=REVENUE, **fields):
    return Manifest(manifest(node(unique_id, **fields))).declared[unique_id]


def test_a_metric_of_any_version_has_a_type():
    """Manifest v7 to v9 said `calculation_method`."""
    assert read(type="simple").type == "simple"
    assert read(calculation_method="count_distinct").type == "count_distinct"
    assert read().type is None


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        ({"tags": ["a", "b"]}, ["a", "b"]),
        ({"tags": "a"}, ["a"]),
        ({"tags": None}, []),
        ({}, []),
        ({"config": {"tags": ["of config"]}}, ["of config"]),
        ({"tags": ["a"], "config": {"tags": ["of config"]}}, ["a"]),
        ({"tags": [], "config": None}, []),
    ],
)
def test_tags_may_have_any_shape_and_be_in_the_config_alone(fields, tags):
    assert read(**fields).tags == tags


def test_parents_are_the_nodes_it_depends_on():
    assert read(reads=("semantic_model.shop.orders",)).parents == ["semantic_model.shop.orders"]
    assert read(depends_on=None).parents == []


def test_blocks_are_kept_as_they_are_written():
    made = read(filter="{{ Dimension('order__status') }} = 'paid'", type_params={"expr": "amount"})

    assert json.decode(made.filter) == "{{ Dimension('order__status') }} = 'paid'"
    assert json.decode(made.type_params) == {"expr": "amount"}


@pytest.mark.parametrize("section", [None, [], {}])
@pytest.mark.parametrize("name", ["exposures", "metrics", "groups", "saved_queries", "sources"])
def test_an_empty_section_may_have_any_shape(name, section):
    made = Manifest(manifest(**{name: section}))
    made.decode_all()

    assert (made.declared, made.exposures, made.groups) == ({}, {}, {})


def test_a_list_is_read_as_what_it_lists():
    made = Manifest(manifest(exposures=[node(BOARD)], metrics=[node(REVENUE)]))

    assert list(made.declared) == [BOARD, REVENUE]
    assert list(made.parents) == [BOARD, REVENUE]


def test_the_key_is_right_should_something_call_itself_otherwise():
    made = Manifest(manifest(metrics={REVENUE: node("metric.shop.other")}))

    assert made.declared[REVENUE].unique_id == REVENUE


def test_a_manifest_before_any_of_these_existed_declares_nothing():
    assert Manifest(manifest(node(), version=1)).declared == {}


def test_functions_are_nodes_with_parents():
    """They came with dbt 1.11."""
    function = "function.shop.to_cents"
    made = Manifest(manifest(node(), node(function, reads=("model.shop.orders",))))

    assert list(made.functions) == [function]
    assert made.parents[function] == ["model.shop.orders"]


@pytest.mark.parametrize(
    "damaged",
    [
        {"unique_id": "function.shop.to_cents"},
        node("metric.shop.revenue", label=["a"]),
        node("exposure.shop.board", url={}),
    ],
)
def test_decoding_all_finds_damage_here_too(damaged):
    with pytest.raises(UnreadableArtifact, match=damaged["unique_id"]):
        Manifest(manifest(damaged)).decode_all()
