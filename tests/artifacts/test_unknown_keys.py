"""New keys are noticed by name, wherever a dbt version may put them."""

import json
from pathlib import Path

import pytest
from msgspec.structs import fields

from sigma_dbt_sync.artifacts import unknown_keys as module
from sigma_dbt_sync.artifacts.catalog import CatalogTable
from sigma_dbt_sync.artifacts.declared import Declared
from sigma_dbt_sync.artifacts.manifest import Manifest, Node
from sigma_dbt_sync.artifacts.run_results import Result, RunResults
from sigma_dbt_sync.artifacts.sources import FreshnessResult
from sigma_dbt_sync.artifacts.unknown_keys import MOST, OF_A_LIST, PER_TYPE, unknown_keys
from tests.builders import (
    catalog,
    data_test,
    found_table,
    manifest,
    node,
    result,
    run_results,
    sources,
)

SHARED = Path(__file__).parents[2] / ".." / "shared" / "artifacts"
FILES = [path for path in sorted(SHARED.rglob("*.json")) if path.name != "summary.json"]


@pytest.mark.parametrize(
    ("kind", "data", "found"),
    [
        ("manifest", manifest(node()), []),
        ("manifest", manifest(node(), costs={}, agents=[]), ["agents", "costs"]),
        ("manifest", manifest(node(cost=1), data_test()), ["nodes.cost"]),
        ("manifest", manifest(node("exposure.shop.x", cost=1)), ["exposures.cost"]),
        ("run_results", run_results(result(), result(cost=1)), ["results.cost"]),
        ("run_results", run_results(total=1), ["total"]),
        ("catalog", catalog(found_table(cost=1)), ["nodes.cost"]),
        ("catalog", catalog(found_table("source.shop.a.b", cost=1)), ["sources.cost"]),
        ("sources", sources({"unique_id": "x", "status": "pass", "cost": 1}), ["results.cost"]),
    ],
)
def test_a_key_no_dbt_version_writes_is_named(kind, data, found):
    assert unknown_keys(kind, data) == found
    if kind == "manifest":
        assert Manifest(data).unknown_keys == found


def test_what_this_package_reads_is_known():
    known = module._NODE.split()
    read = {one.encode_name for struct in (Node, Declared) for one in fields(struct)}

    assert read <= set(known)
    for struct, names in (
        (Result, module._RESULT),
        (RunResults, module._DOCUMENT["run_results"]),
        (CatalogTable, module._TABLE),
        (FreshnessResult, module._FRESHNESS),
    ):
        assert {one.encode_name for one in fields(struct)} <= set(names.split())


def test_only_the_first_nodes_of_each_type_are_looked_at():
    models = [node(f"model.shop.m{number}") for number in range(PER_TYPE + 1)]
    late = [*models[:-1], models[-1] | {"cost": 1}]
    data = manifest(*late, node("seed.shop.x", price=1))

    assert Manifest(data).unknown_keys == ["nodes.price"]


def test_results_are_looked_at_from_the_first_to_the_last():
    results = [result(f"model.shop.m{number}") for number in range(3 * OF_A_LIST)]
    second_half = [one | {"cost": 1} for one in results[len(results) // 2 :]]

    assert unknown_keys("run_results", run_results(*results, *second_half)) == ["results.cost"]


def test_names_are_few_and_short():
    found = unknown_keys("run_results", run_results(**{f"{n:0>300}": n for n in range(500)}))

    assert len(found) == 1  # all of them begin alike
    assert len(unknown_keys("run_results", run_results(**{f"k{n}": n for n in range(500)}))) == MOST


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"results": 5}', b'{"results": [5]}', b'{"results": null}']
)
def test_what_is_damaged_has_no_keys(data):
    assert unknown_keys("run_results", data) == []


@pytest.mark.skipif(not FILES, reason="there are no artifacts beside the repository")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SHARED).as_posix())
def test_no_key_of_a_real_artifact_is_unknown(path):
    data = path.read_bytes()
    kind = json.loads(data)["metadata"]["dbt_schema_version"].split("/")[-2].replace("-", "_")

    assert unknown_keys(kind, data) == []
