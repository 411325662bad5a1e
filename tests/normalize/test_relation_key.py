"""How the warehouse itself names a relation."""

import pytest

from sigma_dbt_sync.artifacts.catalog import TableMetadata
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.relation_key import place_of
from tests.builders import ORDERS, manifest, node


def place(adapter=None, catalog=None, unique_id=ORDERS, **fields):
    made = Manifest(manifest(node(unique_id, **fields)))
    one = (made.nodes | made.sources)[unique_id]
    return place_of(one, catalog, adapter)


@pytest.mark.parametrize(
    ("adapter", "relation_name", "key"),
    [
        ("snowflake", "analytics.prod.orders", "ANALYTICS.PROD.ORDERS"),
        ("snowflake", 'analytics.prod."Orders"', "ANALYTICS.PROD.Orders"),
        ("postgres", '"shop"."Prod"."Orders"', "shop.Prod.Orders"),
        ("postgres", "Shop.Prod.Orders", "shop.prod.orders"),
        ("redshift", '"dev"."prod"."orders"', "dev.prod.orders"),
        ("redshift", "Dev.Prod.Orders", "dev.prod.orders"),
        ("redshift", '"Dev"."Prod"."Orders"', "dev.prod.orders"),
        ("bigquery", "`my-project`.`Prod`.`Orders`", "my-project.Prod.Orders"),
        ("bigquery", "my-project.Prod.Orders", "my-project.Prod.Orders"),
        ("databricks", "`Main`.`Prod`.`Orders`", "main.prod.orders"),
        ("spark", "Prod.Orders", "prod.orders"),
        ("duckdb", '"Shop"."main"."Orders"', "Shop.main.Orders"),
        ("duckdb", "Shop.main.Orders", "Shop.main.Orders"),
        ("sqlserver", "[Shop].[dbo].[Orders]", "Shop.dbo.Orders"),
        (None, '"shop"."prod"."orders"', "shop.prod.orders"),
    ],
)
def test_names_are_folded_as_the_warehouse_folds_them(adapter, relation_name, key):
    assert place(adapter, relation_name=relation_name).key == key


@pytest.mark.parametrize(
    ("relation_name", "identifier"),
    [
        ('"shop"."prod"."order.items"', "order.items"),
        ('"shop"."prod"."a ""quoted"" name"', 'a "quoted" name'),
        ("`shop`.`prod`.`order.items`", "order.items"),
    ],
)
def test_a_quoted_name_may_hold_dots_and_quotes(relation_name, identifier):
    found = place("postgres", relation_name=relation_name)

    assert (found.database, found.schema, found.identifier) == ("shop", "prod", identifier)


def test_a_warehouse_without_databases_has_a_key_of_two_parts():
    found = place("spark", relation_name="`prod`.`orders`")

    assert (found.database, found.key) == (None, "prod.orders")


def test_a_relation_that_dbt_did_not_name_is_folded_as_quoted_names_are():
    fields = {"relation_name": None, "database": "Dev", "schema": "Prod", "alias": "Orders"}

    assert place("redshift", **fields).key == "dev.prod.orders"
    assert place("postgres", **fields).key == "Dev.Prod.Orders"


def test_the_catalogs_names_win():
    told = TableMetadata(database="ANALYTICS", schema="PROD", name="ORDERS")

    assert place("duckdb", told, relation_name="a.b.c").key == "ANALYTICS.PROD.ORDERS"


def test_the_catalog_knows_a_relation_that_dbt_did_not_name():
    told = TableMetadata(database=None, schema="PROD", name="ORDERS")

    assert place("spark", told, relation_name=None).key == "PROD.ORDERS"


def test_a_catalog_without_a_name_does_not_count():
    assert place("postgres", TableMetadata(schema="x"), relation_name="a.b.c").key == "a.b.c"


@pytest.mark.parametrize(
    ("adapter", "key"), [("bigquery", "Shop.Prod.Orders"), ("snowflake", "SHOP.PROD.ORDERS")]
)
def test_a_relation_that_dbt_did_not_name_is_named_by_its_parts(adapter, key):
    """Manifest v1 has no `relation_name`; seeds had none until v7."""
    parts = {"database": "Shop", "schema": "Prod", "alias": "Orders"}

    assert place(adapter, relation_name=None, **parts).key == key


def test_a_source_is_named_by_its_identifier():
    found = place(
        unique_id="source.shop.web.sessions", relation_name=None, alias=None, identifier="s_v2"
    )

    assert found.key == "shop.analytics.s_v2"


def test_an_ephemeral_model_lies_nowhere():
    found = place(relation_name=None, config={"materialized": "ephemeral"})

    assert (found.key, found.schema) == (None, None)
