"""All current tables of one environment together, over what real dbt wrote."""

import json

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
