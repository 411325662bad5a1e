"""Which manifest decides about which node, when jobs parse one project differently."""

import pytest

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.project import project_in_force
from tests.builders import CUSTOMERS, ORDERS, data_test, manifest, node


def in_force(*manifests, built=None):
    """Put manifests into force, newest first; `built` names the variant that built each node."""
    made = [(variant, Manifest(manifest(*nodes))) for variant, nodes in manifests]
    return project_in_force(
        made,
        built_by=(built or {}).get,
        account_id=7,
        project_id=70,
        environment_id=700,
        catalog={},
    )


def model(description, unique_id=ORDERS):
    return node(unique_id, description=description)


def test_a_node_is_what_the_variant_says_that_last_built_it():
    newest, other = ("full", [model("newest")]), ("light", [model("as built")])

    assert in_force(newest, other, built={ORDERS: "light"}).nodes[ORDERS].description == "as built"
    assert in_force(newest, other, built={ORDERS: "full"}).nodes[ORDERS].description == "newest"


def test_a_node_that_nobody_built_is_what_the_newest_manifest_says():
    newest, other = ("full", [model("newest")]), ("light", [model("older")])

    assert in_force(newest, other).nodes[ORDERS].description == "newest"


def test_a_node_built_by_a_variant_of_long_ago_is_what_the_newest_says():
    newest, other = ("full", [model("newest")]), ("light", [model("older")])

    assert in_force(newest, other, built={ORDERS: "gone"}).nodes[ORDERS].description == "newest"


def test_a_node_missing_in_one_variant_stays_while_another_has_it():
    """A job with other variables may disable half of the project."""
    found = in_force(("full", [model("a")]), ("light", [model("b", CUSTOMERS)]))

    assert set(found.nodes) == {ORDERS, CUSTOMERS}


def test_a_node_missing_in_every_newest_manifest_is_gone():
    assert set(in_force(("full", [model("a")]), ("light", [model("b")])).nodes) == {ORDERS}


def test_every_section_of_the_manifest_is_in_force():
    ids = ("source.shop.web.s", "exposure.shop.b", "metric.shop.m", "unit_test.shop.orders.u")
    found = in_force(("", [model("a"), data_test(), *map(node, ids)]))

    assert set(found.nodes) == {ORDERS, "test.shop.unique_orders_id", *ids}


def test_groups_come_from_all_variants_and_the_newest_wins():
    def group(name, owner):
        return node(f"group.shop.{name}", owner={"name": owner})

    found = in_force(
        ("full", [group("finance", "new")]), ("light", [group("finance", "old"), group("web", "w")])
    )

    assert {name: owner.name for name, owner in found.owners.items()} == {
        "finance": "new",
        "web": "w",
    }


def test_relations_are_models_seeds_snapshots_and_sources():
    ids = [f"{kind}.shop.x" for kind in ("model", "seed", "snapshot", "source", "test", "analysis")]
    found = in_force(("", list(map(node, ids))))

    assert {one.unique_id for one in found.relations()} == set(ids[:4])


def test_without_a_manifest_there_is_nothing():
    found = in_force()

    assert (found.nodes, found.adapter_type) == ({}, None)


@pytest.mark.parametrize("unique_id", ["exposure.shop.board", "group.shop.finance"])
def test_what_is_declared_is_what_the_newest_manifest_says_that_has_it(unique_id):
    found = in_force(
        ("newest", [model("newest", unique_id)]),
        ("older", [model("older", unique_id), node("metric.shop.revenue")]),
    )

    assert found.declared[unique_id].description == "newest"
    assert set(found.declared) == {unique_id, "metric.shop.revenue"}


def test_groups_are_no_nodes_and_functions_are():
    found = in_force(("", [node("group.shop.finance"), node("function.shop.to_cents")]))

    assert set(found.nodes) == {"function.shop.to_cents"}
