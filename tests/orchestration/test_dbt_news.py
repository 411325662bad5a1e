"""What a sync leaves in Dagster of dbt: assets, links between runs, and how either is repaired."""

from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from sigma_dbt_sync import sync
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID
from sigma_dbt_sync.demo.company import PRODUCTION, STAGING
from sigma_dbt_sync.orchestration.assets import archive_asset
from sigma_dbt_sync.orchestration.code_location import reload_code_location
from sigma_dbt_sync.orchestration.dbt_assets import dbt_assets
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync.graph_query import GraphQuery
from sigma_dbt_sync.warehouse import open_warehouse

# gql about how Dagster's own client calls it
BY_DAGSTER = pytest.mark.filterwarnings("ignore:Using variable_values:DeprecationWarning")


def refresh(**overrides):
    settings = load_settings(**overrides)
    with open_warehouse(settings) as warehouse:
        return sync.refresh_graph_files(
            Archive(settings.archive_url, ACCOUNT_ID), warehouse, settings
        )


def shown(environment=PRODUCTION, **overrides) -> dict[str, dg.AssetSpec]:
    """Read the nodes of an environment as definitions would, by the end of their names."""
    specs = dbt_assets(load_settings(**overrides)).specs
    return {
        "/".join(spec.key.path[2:]): spec
        for spec in specs
        if spec.key.path[:2] == ["dbt", str(environment.id)] and len(spec.key.path) > 2
    }


def metadata(deployment, asset: str) -> dict:
    event = deployment.instance.get_latest_materialization_event(dg.AssetKey(asset))
    return {name: entry.value for name, entry in event.asset_materialization.metadata.items()}


def test_production_is_shown_and_staging_is_not(first_sync):
    nodes = shown()

    assert {"orders", "customers_v2", "till/orders", "exposures/sales_overview"} <= set(nodes)
    assert shown(STAGING) == {}
    assert {dep.asset_key.path[-1] for dep in nodes["exposures/sales_overview"].deps} <= {
        key.rsplit("/", maxsplit=1)[-1] for key in nodes
    }
    assert "sigma" in nodes["exposures/sales_overview"].kinds


def test_the_archive_and_so_every_table_lies_downstream_of_dbt(first_sync):
    (spec,) = archive_asset(dbt_assets(load_settings()).environments).specs

    assert [dep.asset_key.path for dep in spec.deps] == [["dbt", str(PRODUCTION.id)]]


def test_a_models_page_has_its_columns_source_and_owner(first_sync):
    orders = shown()["customers_v2"]
    columns = orders.metadata["dagster/column_schema"].columns

    assert [(c.name, c.type) for c in columns][:1] == [("customer_id", "INTEGER")]
    assert "{{ ref('orders') }}" in orders.description
    assert orders.owners == ["growth@shop.example"]
    assert orders.metadata["dbt_environment"].value.endswith(f"/environments/{PRODUCTION.id}")


def test_a_sync_is_tagged_with_the_dbt_runs_it_loaded(first_sync):
    deployment, result = first_sync
    tagged = deployment.instance.get_run_by_id(result.run_id).tags["dbt/run_ids"].split(", ")
    loaded = {str(i) for (i,) in deployment.query("SELECT run_id FROM dbt_runs")}
    records = metadata(deployment, "sync_loads")["newest_runs_loaded"]

    assert set(tagged) == loaded
    assert [record.data["run_id"] for record in records.records] == tagged


def test_the_first_sync_reports_tonights_run(first_sync):
    deployment, _ = first_sync
    key = dg.AssetKey(["dbt", str(PRODUCTION.id), "stg_orders"])
    event = deployment.instance.get_latest_materialization_event(key)
    tonight = deployment.account.run("tonight").id

    assert event.asset_materialization.metadata["dbt_result"].value == str(tonight)
    assert metadata(deployment, "sync_loads")["dbt_builds_reported"] > 0


def test_environments_can_be_chosen(first_sync):
    chosen = {"dagster_environment_ids": f"{STAGING.id}"}

    assert refresh(**chosen).is_new
    assert "orders" in shown(STAGING, **chosen)
    assert shown(PRODUCTION, **chosen) == {}
    assert "orders" in shown()


@pytest.mark.parametrize("name", ["graph", "results", "basis"])
@pytest.mark.parametrize("harm", ["delete", "damage"])
def test_a_file_that_is_gone_or_damaged_is_written_again(first_sync, name, harm):
    deployment, _ = first_sync
    assert refresh() == sync.Refreshed()
    before = set(shown())
    folder = deployment.folder / "archive" / "dagster"
    for path in folder.glob(f"*-{name}"):
        if harm == "delete":
            path.unlink()
        else:
            path.write_bytes(b"damaged")
    done = refresh()

    assert set(shown()) == before
    assert done.is_new is (name == "graph")
    assert refresh() == sync.Refreshed()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE dbt_models SET description = 'new', loaded_at = now() WHERE name = 'orders'",
        "DELETE FROM dbt_tests WHERE name = 'unique_orders_order_id'",
        "UPDATE dbt_environments SET name = 'Live' WHERE is_production",
    ],
)
def test_a_load_that_leaves_the_project_as_it_is_reads_only_results(deployment, change):
    deployment.sync()
    archive = Archive(load_settings().archive_url, ACCOUNT_ID)
    with open_warehouse(load_settings()) as warehouse, pytest.MonkeyPatch.context() as patch:
        patch.delattr(GraphQuery, "graph")
        sync.forget_load(archive, warehouse)
        assert refresh() == sync.Refreshed()

    with duckdb.connect(deployment.duckdb_path) as con:
        con.execute(f"USE dbt_metadata; {change}")

    assert refresh().is_new


def asked(url: str) -> list[str]:
    """Ask the UI at `url` to reload, and give the warnings."""
    warnings = []
    context = SimpleNamespace(
        run=SimpleNamespace(remote_job_origin=SimpleNamespace(location_name="ours")),
        log=SimpleNamespace(warning=lambda text, *args: warnings.append(text % args)),
    )
    reload_code_location(context, load_settings(dagster_webserver_url=url))
    return warnings


def ui(answer: dict):
    """Stand in for Dagster's UI: answers the reload, and keeps what it was asked."""
    seen = []

    async def graphql(request):
        seen.append((await request.json())["variables"])
        return JSONResponse({"data": {"reloadRepositoryLocation": answer}})

    return Starlette(routes=[Route("/prefix/graphql", graphql, methods=["POST"])]), seen


@BY_DAGSTER
def test_the_ui_is_asked_to_reload(environment):
    loaded = {"__typename": "RepositoryLocation"}
    app, seen = ui({"__typename": "WorkspaceLocationEntry", "locationOrLoadError": loaded})
    with serve.serving(app) as server:
        warnings = asked(f"{server.url}/prefix/")

    assert (seen, warnings) == ([{"repositoryLocationName": "ours"}], [])


@BY_DAGSTER
def test_a_ui_that_refuses_is_a_warning(environment):
    app, _ = ui({"__typename": "ReloadNotSupported", "message": "Not here."})
    with serve.serving(app) as server:
        warnings = asked(f"{server.url}/prefix")

    assert warnings == ["Dagster's UI could not reload ours: Not here."]


def test_a_ui_that_does_not_answer_is_a_warning(environment):
    (warning,) = asked("http://127.0.0.1:9")

    assert "127.0.0.1:9 could not be asked" in warning


def test_without_a_ui_nobody_is_asked(environment):
    assert asked(None) == []
