"""Which catalog tells about a relation, when there are several or the relation has moved."""

import json

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.catalog_in_force import catalog_in_force
from sigma_dbt_sync.normalize.project import project_in_force
from tests.artifacts.test_real_files import SHARED
from tests.builders import (
    ACCOUNT,
    CUSTOMERS,
    ENVIRONMENT,
    ORDERS,
    PROJECT,
    catalog,
    found_table,
    node,
    project,
)

PAIRS = [
    path
    for path in sorted(SHARED.rglob("catalog.json"))
    if path.with_name("manifest.json").exists()
]


def tables(*found):
    return read_catalog(catalog(*found)).relations()


def in_schema(schema, unique_id=ORDERS, **names):
    return found_table(unique_id, ["id"], metadata={"schema": schema, **names})


def shown(made, *catalogs):
    found = catalog_in_force(made, catalogs)
    return {unique_id: table.metadata.schema for unique_id, table in found.items()}


def test_a_newer_catalog_of_another_schema_does_not_count():
    made = project(node(), node(CUSTOMERS))
    newer = tables(in_schema("audit"), in_schema("analytics", CUSTOMERS))

    assert shown(made, newer, tables(in_schema("analytics"))) == {
        ORDERS: "analytics",
        CUSTOMERS: "analytics",
    }


def test_the_newest_of_two_that_fit_counts():
    newer, older = tables(in_schema("ANALYTICS")), tables(in_schema("analytics"))

    assert shown(project(node()), newer, older) == {ORDERS: "ANALYTICS"}


def test_of_a_relation_that_has_moved_nothing_is_known_until_the_next_catalog():
    assert shown(project(node()), tables(in_schema("before"))) == {}


def test_a_database_that_only_one_of_them_names_is_no_difference():
    made = project(node(relation_name='"analytics"."orders"'))

    assert shown(made, tables(in_schema("analytics"))) == {ORDERS: "analytics"}


def test_a_relation_of_another_name_is_another_one():
    assert shown(project(node()), tables(in_schema("analytics", name="orders_old"))) == {}


@pytest.mark.skipif(not PAIRS, reason="there are no artifacts beside the repository")
@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.relative_to(SHARED).as_posix())
def test_what_dbt_itself_paired_is_paired_here(path):
    told = json.loads(path.read_bytes())
    made = project_in_force(
        [("", Manifest(path.with_name("manifest.json").read_bytes()))],
        built_by=lambda _: None,
        account_id=ACCOUNT,
        project_id=PROJECT,
        environment_id=ENVIRONMENT,
        catalog={},
    )
    paired = {uid for uid in told["nodes"] | told["sources"] if not uid.startswith("test.")}
    found = catalog_in_force(made, [read_catalog(path.read_bytes()).relations()])

    assert set(found) == paired & made.nodes.keys()
