"""dbt's nodes as assets: what their pages say, and that no name or file stops Dagster."""

import logging
import string

import dagster as dg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sigma_dbt_sync.orchestration.dbt_assets import dbt_assets, definitions_of
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync.graph import BUILD, Environment, Graph, GraphColumn
from sigma_dbt_sync.sync.graph_files import GraphFiles
from sigma_dbt_sync.sync.graph_query import Results
from tests.orchestration.graphs import ENVIRONMENT, ORDERS, chain, check, graph, node

PRODUCTION = dg.AssetKey(["dbt", str(ENVIRONMENT)])
KEY = dg.AssetKey([*PRODUCTION.path, "orders"])
NOTHING = ([], [], [])
ANYTHING = st.text(max_size=40)
UGLY = st.text(alphabet=string.ascii_letters + "-/. \\\"'%*ä💰\n", max_size=120)


def load(of: Graph) -> dg.Definitions:
    """Load a graph as the code location does."""
    found = definitions_of(of)
    return loaded(found.specs, found.checks)


def loaded(specs, checks) -> dg.Definitions:
    defs = dg.Definitions(
        assets=specs, asset_checks=checks, resources={"sync_settings": SyncSettings()}
    )
    dg.Definitions.validate_loadable(defs)
    return defs


def spec(*nodes, key=KEY) -> dg.AssetSpec:
    return {each.key: each for each in definitions_of(graph(*nodes))[0]}[key]


@pytest.fixture
def written(environment, tmp_path):
    """Configure a place for the files; write them there."""
    environment.setenv("ARCHIVE_URL", str(tmp_path / "archive"))
    files = GraphFiles(load_settings())
    files.write(graph(node(), checks=[check()]), Results(), "basis")
    return files


def test_a_page_says_what_the_project_says():
    columns = (GraphColumn("id", "NUMBER", "One per order."),)
    shown = spec(
        node(
            description="All orders.",
            code="select 1",
            columns=columns,
            tags=("daily", "not a tag"),
            materialized="table",
            owner_email="ann@shop.example",
            path="models/marts/orders.sql",
            relation=("SHOP", "ANALYTICS", "ORDERS"),
        )
    )
    schema = shown.metadata["dagster/column_schema"]

    assert shown.description == "All orders.\n\n#### Source\n\n```sql\nselect 1\n```"
    assert [(c.name, c.type, c.description) for c in schema.columns] == [
        ("id", "NUMBER", "One per order.")
    ]
    assert shown.metadata["dagster/table_name"] == "SHOP.ANALYTICS.ORDERS"
    assert shown.kinds == {"dbt", "model", "table", "snowflake"}
    assert (shown.owners, shown.group_name) == (["ann@shop.example"], "dbt_shop_production_marts")
    assert "daily" in shown.tags


def test_sources_versions_and_exposures_have_keys_of_their_own():
    nodes = [
        node("source.shop.till.orders", source_name="till"),
        node("model.shop.orders.v2", name="orders", version="2"),
        node("exposure.shop.orders", url="https://app.sigmacomputing.com/shop/workbook/x"),
        node(),
    ]
    specs = definitions_of(graph(*nodes)).specs

    assert [each.key.path[2:] for each in specs] == [
        ["till", "orders"],
        ["orders_v2"],
        ["exposures", "orders"],
        ["orders"],
        [],
    ]
    assert "sigma" in specs[2].kinds


def test_what_dagster_dbt_understands_is_understood():
    meta = {"asset_key": ["mart", "orders"], "group": "sales", "owners": ["team:sales"]}
    shown = spec(node(meta=meta), key=dg.AssetKey(["dbt", str(ENVIRONMENT), "mart", "orders"]))

    assert (shown.group_name, shown.owners) == ("dbt_shop_production_sales", ["team:sales"])


def test_two_environments_never_share_a_node():
    both = Graph(
        7,
        (Environment(1, "Production"), Environment(2, "Staging")),
        (node(environment_id=1), node(environment_id=2)),
    )

    assert {tuple(key.path) for key in load(both).resolve_all_asset_keys()} == {
        ("dbt", "1"),
        ("dbt", "1", "orders"),
        ("dbt", "2"),
        ("dbt", "2", "orders"),
    }


def test_the_archive_comes_behind_the_last_nodes_that_an_environment_builds():
    stg, unread = node("model.shop.stg", parents=("source.shop.till.raw",)), node("seed.shop.tax")
    source = node("source.shop.till.raw", source_name="till")
    exposure = node("exposure.shop.board", parents=(ORDERS,))
    found = definitions_of(graph(source, stg, node(parents=(stg.unique_id,)), unread, exposure))
    last = {each.key: each for each in found.specs}[PRODUCTION]

    assert found.environments == [PRODUCTION]
    assert [dep.asset_key.path[-1] for dep in last.deps] == ["orders", "tax"]


def test_lineage_and_tests_are_drawn():
    nodes = [node("model.shop.stg"), node(parents=("model.shop.stg",))]
    checks = [check(), check("dbt_build", unique_id="model.shop.orders", kind=BUILD)]
    defs = load(graph(*nodes, checks=checks))
    asset_graph = defs.resolve_asset_graph()

    assert [key.path[-1] for key in asset_graph.get(KEY).parent_keys] == ["stg"]
    assert {key.name for key in asset_graph.asset_check_keys} == {"unique_orders_id", "dbt_build"}


def test_names_that_collide_are_told_apart_and_others_stay():
    nodes = [node("model.shop.orders"), node("model.other.orders"), node("model.shop.stg")]
    keys = {each.key.path[-1] for each in definitions_of(graph(*nodes)).specs[:3]}

    assert len(keys) == 3
    assert "stg" in keys
    assert "orders" not in keys


def test_a_node_that_dagster_refuses_is_left_out_with_a_warning(monkeypatch, caplog):
    from sigma_dbt_sync.orchestration import dbt_translator

    monkeypatch.setattr(
        dbt_translator.dbt_names, "group_name", lambda *parts: "-" if parts[3:] else "fine"
    )
    bad = graph(node(), checks=[check()])
    defs = load(bad)

    assert list(defs.resolve_all_asset_keys()) == [PRODUCTION]
    assert "model.shop.orders is not shown" in caplog.text


@settings(max_examples=100, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(data=st.data())
def test_no_name_stops_the_code_location(data):
    name = ANYTHING | UGLY
    nodes = [
        node(
            f"{kind}.shop.{number}",
            resource_type=kind,
            name=data.draw(name),
            source_name=data.draw(name) if kind == "source" else None,
            version=data.draw(st.none() | name) if kind == "model" else None,
            group=data.draw(st.none() | name),
            path=data.draw(st.none() | name),
            owner_name=data.draw(st.none() | name),
            owner_email=data.draw(st.none() | name),
            tags=tuple(data.draw(st.lists(name, max_size=3))),
            materialized=data.draw(st.none() | name),
            description=data.draw(name),
            url=data.draw(st.none() | name),
            columns=tuple(GraphColumn(each) for each in data.draw(st.lists(name, max_size=2))),
            meta=data.draw(
                st.dictionaries(
                    st.sampled_from(["asset_key", "group", "owners"]),
                    name | st.integers() | st.lists(name, max_size=2) | st.none(),
                )
            ),
        )
        for number, kind in enumerate(["model", "source", "seed", "exposure"])
    ]
    checks = [
        check(data.draw(name), of=each.unique_id, unique_id=f"test.{number}.{at}")
        for at, each in enumerate(nodes)
        for number in range(2)
    ]
    specs, steps, _ = definitions_of(graph(*nodes, checks=checks))
    loaded(specs, steps)
    specs = specs[:-1]
    keys = {spec.key for spec in specs}
    named = {key for step in steps for key in step.check_keys}

    assert len(keys) == len(specs) == len(nodes)
    assert len(named) == len(checks)
    assert {key.path[1] for key in keys} == {str(ENVIRONMENT)}


@pytest.mark.parametrize("count", [0, 1_000])
def test_a_project_of_any_size_loads(count):
    defs = load(chain(count))

    assert len(defs.resolve_all_asset_keys()) == count + 1


@pytest.mark.slow
def test_the_largest_project_that_is_shown_loads():
    defs = load(chain(10_000, columns=4, tests=0))

    assert len(defs.resolve_all_asset_keys()) == 10_001


def test_before_the_first_sync_nothing_is_shown(environment):
    assert dbt_assets(load_settings()) == NOTHING


def test_what_was_written_is_shown(written):
    specs, steps, environments = dbt_assets(load_settings())

    assert [each.key for each in specs] == [KEY, PRODUCTION]
    assert environments == [PRODUCTION]
    assert [key.name for step in steps for key in step.check_keys] == ["unique_orders_id"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: b"<html>",
    ],
    ids=["cut", "empty", "one bit", "another file"],
)
def test_a_damaged_file_shows_nothing_and_says_so(written, tmp_path, caplog, damage):
    (path,) = (tmp_path / "archive" / "dagster").glob("*-graph")
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        shown = dbt_assets(load_settings())

    assert shown == NOTHING
    assert "the next sync writes it again" in caplog.text
    assert written.basis() == ("", "")


def test_a_folder_that_cannot_be_read_shows_nothing(environment, tmp_path, caplog):
    (tmp_path / "archive").write_text("a file where a folder should be")
    environment.setenv("ARCHIVE_URL", str(tmp_path / "archive"))

    assert dbt_assets(load_settings()) == NOTHING
    assert "dbt's nodes are not shown" in caplog.text
