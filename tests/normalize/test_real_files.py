"""Artifacts that real dbt versions wrote become as many rows as plain JSON counts in them.

They lie beside the repository, where there are any; most have no licence that would let us keep
them. The counts made here share no code with the package.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import Artifact
from sigma_dbt_sync.normalize.definitions import current_rows
from sigma_dbt_sync.normalize.project import project_in_force
from sigma_dbt_sync.normalize.run_facts import run_facts
from sigma_dbt_sync.tables.arrow import row_hashes, to_arrow
from tests.builders import ACCOUNT, ENVIRONMENT, PROJECT, entry

SHARED = (Path(__file__).parents[2] / ".." / "shared" / "artifacts").resolve()
FILES = [path for path in sorted(SHARED.rglob("*.json")) if path.name != "summary.json"]
EXECUTING = {"build", "run", "test", "seed", "snapshot", "retry", "clone"}
READING = ("nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries",
           "unit_tests", "functions")  # fmt: skip
RELATIONS = {"dbt_models": "model", "dbt_seeds": "seed", "dbt_snapshots": "snapshot"}

pytestmark = pytest.mark.skipif(not FILES, reason="there are no artifacts beside the repository")


def kind(content) -> str:
    return content["metadata"]["dbt_schema_version"].split("/")[-2].replace("-", "_")


def of_kind(*kinds):
    """Every file of some kinds, as a parameter."""
    found = [path for path in FILES if kind(json.loads(path.read_bytes())) in kinds]
    return pytest.mark.parametrize(
        "path", found, ids=lambda path: path.relative_to(SHARED).as_posix()
    )


def facts(path):
    """Load a file as a run would, with the manifest beside it when there is one."""
    files = {kind(json.loads(one.read_bytes())): one.read_bytes() for one in _together(path)}
    artifacts = tuple(Artifact(step_index=1, kind=one, state="found", sha256=one) for one in files)
    made = entry(artifacts=artifacts)
    return run_facts(made, "entry", files.__getitem__, lambda sha: Manifest(files[sha]))


def _together(path):
    beside = path.with_name("manifest.json")
    return [beside, path] if beside.exists() and beside != path else [path]


def rows(manifest, tables=None):
    """Make the current tables of a project with this manifest alone."""
    project = project_in_force(
        [("", manifest)],
        built_by=lambda _: None,
        account_id=ACCOUNT,
        project_id=PROJECT,
        environment_id=ENVIRONMENT,
        catalog=tables or {},
    )
    found = current_rows(project, {})
    for table, made in found.items():
        to_arrow(table, made, row_hashes(table, made), sync_id="x")
    return {table.name: made for table, made in found.items()}


@of_kind("manifest")
def test_every_relation_test_column_and_edge_of_a_manifest_has_its_row(path):
    content = json.loads(path.read_bytes())
    found = rows(Manifest(path.read_bytes()))
    types = Counter(node["resource_type"] for node in content["nodes"].values())
    relations = [
        node
        for node in (*content["nodes"].values(), *content["sources"].values())
        if node["resource_type"] in ("model", "seed", "snapshot", "source")
    ]
    columns = [column for node in relations for column in node["columns"].values()]
    all_nodes = {
        uid: node for section in READING for uid, node in (content.get(section) or {}).items()
    }
    edges = {
        (parent, uid)
        for uid, node in all_nodes.items()
        for parent in (node.get("depends_on") or {}).get("nodes", [])
        if parent in all_nodes
    }
    kinds = Counter(row.kind for row in found["dbt_tests"])

    assert {name: len(found[name]) for name in RELATIONS} == {
        name: types[of_type] for name, of_type in RELATIONS.items()
    }
    assert len(found["dbt_sources"]) == len(content["sources"])
    assert len(found["dbt_columns"]) == len(columns)
    assert sum(row.is_documented for row in found["dbt_columns"]) == sum(
        bool((column.get("description") or "").strip()) for column in columns
    )
    assert kinds["unit"] == len(content.get("unit_tests") or {})
    assert kinds["generic"] + kinds["singular"] == types["test"]
    assert kinds["generic"] == sum(
        node["resource_type"] == "test" and node.get("test_metadata") is not None
        for node in content["nodes"].values()
    )
    assert len(found["dbt_edges"]) == len(edges)


@of_kind("run_results")
def test_every_result_of_a_command_that_executes_has_its_row(path):
    content = json.loads(path.read_bytes())
    beside = path.with_name("manifest.json")
    nodes = json.loads(beside.read_bytes())["nodes"] if beside.exists() else {}
    told = [
        (one["unique_id"], one["status"].lower())
        for one in content["results"]
        if content["args"]["which"] in EXECUTING
        and not (
            one["status"] == "skipped"
            and nodes.get(one["unique_id"], {}).get("config", {}).get("materialized") == "ephemeral"
        )
    ]
    found = facts(path)

    assert Counter(row.status for row in found.executions) == Counter(status for _, status in told)
    assert {row.test_unique_id for row in found.tests} == {
        uid for uid, _ in told if uid.startswith(("test.", "unit_test."))
    }
    assert found.artifacts[-1].state == "found"


@of_kind("catalog")
def test_every_column_of_the_warehouse_has_its_row(path):
    beside = path.with_name("manifest.json")
    content = json.loads(path.read_bytes())
    assert facts(path).artifacts[-1].state == "found"
    if beside.exists():
        found = rows(Manifest(beside.read_bytes()), read_catalog(path.read_bytes()).relations())
        manifest = json.loads(beside.read_bytes())
        known = {**manifest["nodes"], **manifest["sources"]}

        assert sum(bool(row.is_in_warehouse) for row in found["dbt_columns"]) == sum(
            len(table["columns"])
            for uid, table in {**content["nodes"], **content["sources"]}.items()
            if uid in known and not uid.startswith("test.")
        )


@of_kind("sources")
def test_every_source_that_was_looked_at_has_its_row(path):
    content = json.loads(path.read_bytes())

    assert Counter((row.unique_id, row.status) for row in facts(path).freshness) == Counter(
        (one["unique_id"], one["status"].lower()) for one in content["results"]
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SHARED).as_posix())
def test_a_file_of_a_tested_version_is_read_without_a_remark(path):
    for row in facts(path).artifacts:
        assert (row.state, row.reason, row.unknown_keys) == ("found", None, None)
