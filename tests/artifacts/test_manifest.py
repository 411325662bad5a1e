"""manifest.json of any dbt version gives the same few fields."""

import pytest

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.errors import UnreadableArtifact
from tests.builders import ORDERS, column, data_test, manifest, node


def read(**fields):
    return Manifest(manifest(node(**fields))).nodes[ORDERS]


@pytest.mark.parametrize("suffix", ["sql", "code"])
def test_code_is_found_under_its_old_and_its_new_name(suffix):
    """Until manifest v6 dbt wrote raw_sql and compiled_sql."""
    model = read(**{f"raw_{suffix}": "select 1", f"compiled_{suffix}": "select 2"})

    assert (model.source_code, model.compiled) == ("select 1", "select 2")


@pytest.mark.parametrize("empty", [None, ""])
def test_no_code_is_none(empty):
    """A seed's raw_code is empty; `dbt seed` leaves compiled_code out of every node."""
    model = read(raw_code=empty, compiled_code=empty)

    assert (model.source_code, model.compiled) == (None, None)


def test_a_node_needs_nothing_but_its_id_and_name():
    model = Manifest(manifest({"unique_id": ORDERS, "name": "orders"})).nodes[ORDERS]

    assert model.description is None
    assert model.config.persist_docs is None
    assert model.columns == {}
    assert model.parents == []


@pytest.mark.parametrize("persist_docs", [None, {}])
def test_persist_docs_may_be_null_or_empty(persist_docs):
    told = read(config={"persist_docs": persist_docs}).config.persist_docs

    assert not (told and (told.relation or told.columns))


def test_persist_docs_is_told_per_relation_and_per_column():
    told = read(config={"persist_docs": {"relation": True, "columns": False}}).config.persist_docs

    assert (told.relation, told.columns) == (True, False)


@pytest.mark.parametrize("version", [2, 2.5, "2a", None])
def test_a_version_may_be_any_number_or_text(version):
    assert read(version=version, latest_version=version).version == version


def test_null_descriptions_are_read():
    model = read(description=None, columns=[column("id", None)])

    assert model.description is None
    assert model.columns["id"].description is None


def test_unknown_fields_do_not_matter():
    model = read(invented_next_year={"deep": [1]}, config={"invented": 1, "materialized": "view"})

    assert model.config.materialized == "view"


def test_groups_are_found_by_name():
    group = node("group.shop.finance", owner={"name": "Fin", "email": ["a@shop.example"]})
    groups = Manifest(manifest(group)).groups

    assert (groups["finance"].name, groups["finance"].email) == ("Fin", ["a@shop.example"])


def test_a_group_without_an_owner_is_a_group():
    assert Manifest(manifest(node("group.shop.finance"))).groups["finance"].name is None


def test_tests_are_data_tests_and_unit_tests():
    unit = node("unit_test.shop.orders.adds_up", reads=(ORDERS,))
    made = Manifest(manifest(node(), data_test("unique_id"), unit))

    assert set(made.tests) == {"test.shop.unique_id", "unit_test.shop.orders.adds_up"}
    assert set(made.nodes) == {ORDERS, "test.shop.unique_id"}


def test_parents_are_known_for_everything_a_command_can_skip():
    """Exposures and saved queries are results of `dbt build` too."""
    made = Manifest(
        manifest(
            node(reads=("model.shop.stg",)),
            node("unit_test.shop.orders.adds_up", reads=(ORDERS,)),
            node("exposure.shop.board", reads=(ORDERS,)),
            node("saved_query.shop.daily", reads=("metric.shop.revenue",)),
        )
    )

    assert made.parents == {
        ORDERS: ["model.shop.stg"],
        "unit_test.shop.orders.adds_up": [ORDERS],
        "exposure.shop.board": [ORDERS],
        "saved_query.shop.daily": ["metric.shop.revenue"],
    }


def test_metrics_semantic_models_and_saved_queries_are_read_together():
    ids = {"metric.shop.revenue", "semantic_model.shop.orders", "saved_query.shop.daily"}

    assert set(Manifest(manifest(*map(node, ids))).semantics) == ids


@pytest.mark.parametrize("disabled", [None, [], {}])
def test_sections_nobody_reads_may_have_any_shape(disabled):
    """`disabled` was a list until v3, a dict since v4, and null in files of other tools."""
    assert Manifest(manifest(node(), disabled=disabled)).nodes


def test_a_node_without_a_name_is_told_with_its_id():
    damaged = Manifest(manifest({"unique_id": ORDERS}))

    with pytest.raises(UnreadableArtifact, match=rf"manifest.json, {ORDERS} .*`name`"):
        damaged.decode_all()


@pytest.mark.parametrize("section", ["exposure", "metric", "unit_test", "group", "source"])
def test_decoding_all_finds_damage_in_every_section(section):
    with pytest.raises(UnreadableArtifact, match=section):
        Manifest(manifest(node(), {"unique_id": f"{section}.shop.x"})).decode_all()
