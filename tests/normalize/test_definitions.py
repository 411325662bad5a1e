"""All current tables of one environment together, over what real dbt wrote."""

import json
from pathlib import Path

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.demo.story import FOLDER, read_blob, read_story
from sigma_dbt_sync.normalize.definitions import CURRENT_TABLES, current_rows, source_code_rows
from sigma_dbt_sync.normalize.project import project_in_force
from sigma_dbt_sync.tables.arrow import row_hashes, to_arrow
from tests.builders import ORDERS, data_test, node, project


@pytest.fixture(scope="module")
def baseline():
    """The demo's first night: the manifest of its build and the catalog of its docs."""
    (run,) = (run for run in read_story() if run.name == "baseline")
    files = {
        path.rpartition("/")[2]: read_blob(FOLDER, one.blob)
        for path, one in run.steps[-1].artifacts.items()
    }
    made = project_in_force(
        [("", Manifest(files["manifest.json"]))],
        built_by=lambda _: None,
        account_id=7,
        project_id=70,
        environment_id=700,
        catalog=read_catalog(files["catalog.json"]).relations(),
    )
    return made, json.loads(files["manifest.json"])


SHARED = Path(__file__).parents[2] / ".." / "shared" / "artifacts"
MANIFESTS = sorted(SHARED.rglob("manifest*.json"))
DEMO = sorted(
    {
        one.blob
        for run in read_story()
        for step in run.steps
        for path, one in step.artifacts.items()
        if path.rpartition("/")[2] == "manifest.json"
    }
)


def check_manifest(data):
    """Compare row counts with what plain JSON finds in a manifest."""
    told = json.loads(data)
    made = project_in_force(
        [("", Manifest(data))],
        built_by=lambda _: None,
        account_id=7,
        project_id=70,
        environment_id=700,
        catalog={},
    )
    rows = {table.name: rows for table, rows in current_rows(made, {}).items()}
    for kind in ("exposures", "metrics", "semantic_models", "saved_queries", "groups"):
        section = told.get(kind) or {}
        assert [row.unique_id for row in rows[f"dbt_{kind}"]] == list(section)
        assert [row.name for row in rows[f"dbt_{kind}"]] == [x["name"] for x in section.values()]
    everything = {
        uid: one
        for section in SECTIONS
        for uid, one in (told.get(section) or {}).items()
        if not uid.startswith(("analysis.", "operation.", "rpc.", "sql "))
    }
    assert len(rows["dbt_node_tags"]) == sum(
        len(set(one.get("tags") or one.get("config", {}).get("tags") or ()))
        for one in everything.values()
    )
    assert len(rows["dbt_node_meta"]) == sum(
        len(one.get("meta") or one.get("config", {}).get("meta") or {})
        for one in everything.values()
    )
    check_lineage(rows)


def check_lineage(rows):
    """Every edge between two relations is a step; whoever is further apart has one in between."""
    ends = ("model.", "seed.", "snapshot.", "source.", "exposure.")
    depths = {
        (row.ancestor_unique_id, row.descendant_unique_id): row.min_depth
        for row in rows["dbt_lineage"]
    }
    direct = {
        (row.parent_unique_id, row.child_unique_id)
        for row in rows["dbt_edges"]
        if row.parent_unique_id.startswith(ends) and row.child_unique_id.startswith(ends)
    }
    assert {pair for pair, depth in depths.items() if depth == 1} == direct


SECTIONS = (
    "nodes",
    "sources",
    "exposures",
    "metrics",
    "semantic_models",
    "saved_queries",
    "unit_tests",
)


@pytest.mark.parametrize("blob", DEMO, ids=lambda blob: blob[:12])
def test_a_manifest_of_the_demo_has_as_many_rows_as_plain_json(blob):
    check_manifest(read_blob(FOLDER, blob))


@pytest.mark.skipif(not MANIFESTS, reason="there are no artifacts beside the repository")
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.relative_to(SHARED).as_posix())
def test_a_manifest_of_any_dbt_version_has_as_many_rows_as_plain_json(path):
    check_manifest(path.read_bytes())


def counts(rows):
    return {table.name: len(found) for table, found in rows.items()}


def test_as_many_rows_as_the_manifest_has_nodes(baseline):
    made, told = baseline
    found = counts(current_rows(made, {}))

    def of(kind):
        return sum(uid.startswith(f"{kind}.") for uid in told["nodes"])

    assert found["dbt_models"] == of("model")
    assert found["dbt_seeds"] == of("seed")
    assert found["dbt_snapshots"] == of("snapshot")
    assert found["dbt_sources"] == len(told["sources"])
    assert found["dbt_tests"] == of("test") + len(told["unit_tests"])
    assert found["dbt_test_targets"] >= found["dbt_tests"]


def test_every_documented_column_met_a_real_one_but_the_one_that_is_only_documented(baseline):
    rows = {table.name: rows for table, rows in current_rows(baseline[0], {}).items()}
    lost = [row for row in rows["dbt_columns"] if row.is_in_warehouse is False]

    assert len(rows["dbt_columns"]) > 50
    assert [(row.unique_id, row.column_name) for row in lost] == [
        ("model.shop.stg_customers", "loyalty_points")
    ]


def test_every_row_fits_its_table(baseline):
    for table, rows in current_rows(baseline[0], {}).items():
        written = to_arrow(table, rows, row_hashes(table, rows), sync_id="s")

        assert written.num_rows == len(rows)


def test_no_key_occurs_twice(baseline):
    for table, rows in current_rows(baseline[0], {}).items():
        keys = [tuple(getattr(row, name) for name in table.key) for row in rows]

        assert len(set(keys)) == len(keys)


def test_the_same_project_gives_the_same_rows(baseline):
    made, _ = baseline

    assert current_rows(made, {}) == current_rows(made, {})


def test_every_current_table_is_written_even_when_it_is_empty():
    """A table left out would keep the rows of nodes that are gone."""
    assert set(current_rows(project(), {})) == set(CURRENT_TABLES)


def test_the_code_of_relations_and_tests_is_stored_as_written():
    made = project(
        node(raw_code="select 1"),
        data_test(raw_code="{{ test }}"),
        node("seed.shop.stores", raw_code=""),
        node("analysis.shop.idea", raw_code="select 2"),
    )

    assert {row.code for row in source_code_rows(made)} == {"select 1", "{{ test }}"}


def test_every_relations_code_can_be_found(baseline):
    made, _ = baseline
    stored = {row.code_hash for row in source_code_rows(made)}
    rows = [row for rows in current_rows(made, {}).values() for row in rows]
    wanted = {row.raw_code_hash for row in rows if getattr(row, "raw_code_hash", None)}

    assert ORDERS in {getattr(row, "unique_id", None) for row in rows}
    assert wanted
    assert wanted <= stored
