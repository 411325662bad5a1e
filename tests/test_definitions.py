"""What Dagster loads: with nothing configured, without a network, and under the agreed names."""

import subprocess
import sys
from collections import defaultdict

import dagster as dg
import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.definitions import defs
from sigma_dbt_sync.orchestration.checks import LOADED
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.warehouse.views import load_views

LOAD_OFFLINE = """
import socket

def refuse(*_, **__):
    raise AssertionError("definitions asked the network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import dagster as dg
from sigma_dbt_sync.definitions import defs
dg.Definitions.validate_loadable(defs)
"""

AGREED = {
    "dbt_cloud": {
        "dbt_cloud_archive",
        "dbt_projects",
        "dbt_environments",
        "dbt_jobs",
        "dbt_job_status",
        "dbt_runs",
        "dbt_run_steps",
        "sync_loads",
        "sync_artifacts",
    },
    "dbt_metadata": {
        "dbt_invocations",
        "dbt_node_executions",
        "dbt_test_results",
        "dbt_source_freshness",
        "dbt_models",
        "dbt_sources",
        "dbt_seeds",
        "dbt_snapshots",
        "dbt_columns",
        "dbt_tests",
        "dbt_test_targets",
        "dbt_exposures",
        "dbt_metrics",
        "dbt_semantic_models",
        "dbt_saved_queries",
        "dbt_groups",
        "dbt_node_tags",
        "dbt_node_meta",
        "dbt_edges",
        "dbt_lineage",
        "dbt_code",
        "dbt_node_status",
    },
    "analyst_views": {
        "dbt_tab",
        "dbt_tab_sql",
        "dbt_tab_columns",
        "dbt_tab_tests",
    },
}
IN_WAREHOUSE = {*(table.name for table in LOADED), *(view.name for view in load_views())}


def spec(name: str) -> dg.AssetSpec:
    return defs.resolve_assets_def(name).specs_by_key[dg.AssetKey(name)]


def test_definitions_load_with_an_empty_environment_and_no_network(tmp_path):
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD_OFFLINE],
        cwd=tmp_path,
        env={},
        check=False,
        capture_output=True,
        text=True,
    )

    assert loaded.returncode == 0, loaded.stderr


@pytest.fixture(scope="module")
def groups():
    """Read the names of all assets by group, dbt's own left out: a sync may have left some."""
    found = defaultdict(set)
    for asset in defs.resolve_all_asset_specs():
        if asset.key.path[0] == "dbt":
            continue
        found[asset.group_name].add(asset.key.to_user_string())
    return found


@pytest.mark.parametrize("group", AGREED)
def test_assets_keep_the_names_people_count_on(groups, group):
    assert groups[group] >= AGREED[group]


def test_there_is_an_asset_for_every_table_and_view_in_its_group(groups):
    expected = defaultdict(set, {"dbt_cloud": {"dbt_cloud_archive"}})
    for table in tables.ALL:
        expected[table.group].add(table.name)
    expected["analyst_views"] = {view.name for view in load_views()}

    assert groups == expected


def test_every_asset_says_what_it_is():
    assert [a.key for a in defs.resolve_all_asset_specs() if not a.description] == []


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_a_tables_columns_are_those_of_its_class(table):
    schema = spec(table.name).metadata["dagster/column_schema"]

    assert [
        (column.name, column.type, column.description, column.constraints.nullable)
        for column in schema.columns
    ] == [(c.name, c.kind.value, c.description, c.nullable) for c in table.stored]
    assert [c.name for c in schema.columns if "key" in c.constraints.other] == [
        column.name for column in table.columns if column.name in table.key
    ]
    assert schema.constraints.other == [f"unique ({', '.join(table.key)})"]


@pytest.mark.parametrize("view", load_views(), ids=lambda view: view.name)
def test_a_views_columns_are_those_of_its_file(view):
    schema = spec(view.name).metadata["dagster/column_schema"]

    assert {column.name: column.description for column in schema.columns} == view.columns
    assert {dep.asset_key.to_user_string() for dep in spec(view.name).deps} == {*view.reads} - {
        "sigma_table_syncs"
    }


def test_tables_are_loaded_together_or_not_at_all():
    loading = defs.resolve_assets_def("dbt_models")

    assert {key.to_user_string() for key in loading.keys} == IN_WAREHOUSE
    assert loading.can_subset is False
    assert loading.op.pool == "warehouse"


def test_the_job_makes_the_archive_and_every_table_in_one_process():
    job = defs.resolve_job_def("dbt_metadata_sync")

    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {
        "dbt_cloud_archive",
        *IN_WAREHOUSE,
    }
    assert job.executor_def.name == "in_process"


def test_the_delivery_job_makes_the_audit_and_nothing_else():
    job = defs.resolve_job_def("sigma_sync")

    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {
        "sigma_table_syncs"
    }
    assert spec("sigma_table_syncs").group_name == "sigma"


def test_a_failed_run_of_the_job_is_left_alone_by_the_daemon():
    job = defs.resolve_job_def("dbt_metadata_sync")

    assert job.tags["dagster/retry_on_asset_or_op_failure"] == "false"


def test_the_resource_holds_no_setting():
    assert SyncSettings.model_fields == {}
