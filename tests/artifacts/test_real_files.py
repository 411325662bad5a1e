"""Artifacts that real dbt versions wrote decode, and to as much as plain JSON finds in them.

The demo's are part of the project. The others lie beside the repository, where there are any; most
have no licence that would let us keep them.
"""

import json
from pathlib import Path

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_results import read_run_results
from sigma_dbt_sync.artifacts.sources import read_sources
from sigma_dbt_sync.demo.story import FOLDER, read_blob, read_story

READ = ("manifest.json", "run_results.json", "catalog.json", "sources.json")
SHARED = Path(__file__).parents[2] / ".." / "shared" / "artifacts"
FILES = [path for path in sorted(SHARED.rglob("*.json")) if path.name != "summary.json"]
DEMO = sorted(
    {
        (Path(path).name, artifact.blob)
        for run in read_story()
        for step in run.steps
        for path, artifact in step.artifacts.items()
        if Path(path).name in READ
    }
)


def kind(content) -> str:
    return content["metadata"].get("dbt_schema_version", "//").split("/")[-2]


def check_manifest(data, content):
    manifest = Manifest(data)
    manifest.decode_all()
    nodes = content["nodes"]
    relations = (*manifest.nodes.values(), *manifest.sources.values())
    tests = [uid for uid, told in nodes.items() if told["resource_type"] == "test"]

    assert list(manifest.nodes) == list(nodes)
    assert list(manifest.sources) == list(content["sources"])
    assert list(manifest.exposures) == list(content["exposures"])
    assert len(manifest.tests) == len(tests) + len(content.get("unit_tests") or {})
    assert len(manifest.groups) == len(content.get("groups") or {})
    assert sum(len(one.columns) for one in relations) == sum(
        len(told["columns"]) for told in (*nodes.values(), *content["sources"].values())
    )
    for unique_id, told in nodes.items():
        one = manifest.nodes[unique_id]
        assert one.resource_type == told["resource_type"]
        assert (one.description or "") == (told.get("description") or "")
        assert (one.source_code or "") == (told.get("raw_code", told.get("raw_sql")) or "")
        assert (one.compiled or "") == (told.get("compiled_code", told.get("compiled_sql")) or "")
        assert one.parents == told.get("depends_on", {}).get("nodes", [])


def check_run_results(data, content):
    read = read_run_results(data)

    assert read.command == content["args"].get("which")
    assert [one.unique_id for one in read.results] == [
        told["unique_id"] for told in content["results"]
    ]
    for one, told in zip(read.results, content["results"], strict=True):
        assert one.status == told["status"]
        assert one.failures == told.get("failures")
        assert one.message == told.get("message")
        assert (one.phase("execute")[1] is None) == (len(told["timing"]) < 2)
        rows = (told.get("adapter_response") or {}).get("rows_affected")
        assert one.adapter.rows_affected == (rows if rows != -1 else None)


def check_catalog(data, content):
    tables = read_catalog(data).relations()
    told = content["nodes"] | content["sources"]

    assert set(tables) == {uid for uid in told if not uid.startswith("test.")}
    for unique_id, table in tables.items():
        assert set(table.columns) == set(told[unique_id]["columns"])


def check_sources(data, content):
    assert [one.unique_id for one in read_sources(data).results] == [
        told["unique_id"] for told in content["results"]
    ]


CHECKS = {
    "manifest": check_manifest,
    "run-results": check_run_results,
    "catalog": check_catalog,
    "sources": check_sources,
}


@pytest.mark.parametrize(("name", "blob"), DEMO, ids=lambda told: told[:24])
def test_an_artifact_of_the_demo_decodes_to_what_is_in_it(name, blob):
    data = read_blob(FOLDER, blob)
    content = json.loads(data)

    CHECKS[kind(content)](data, content)


@pytest.mark.skipif(not FILES, reason="there are no artifacts beside the repository")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SHARED).as_posix())
def test_an_artifact_of_any_dbt_version_decodes_to_what_is_in_it(path):
    data = path.read_bytes()
    content = json.loads(data)

    CHECKS[kind(content)](data, content)


def test_the_demo_has_artifacts_of_every_kind():
    assert {name for name, _ in DEMO} == set(READ)
