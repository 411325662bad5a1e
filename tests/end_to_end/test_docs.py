"""Changed descriptions, from dbt Cloud to the moment at which Sigma may be told."""

from datetime import timedelta

import duckdb
import pytest

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.account import ACCOUNT_ID
from sigma_dbt_sync.errors import WarehouseError
from sigma_dbt_sync.sync import load
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.end_to_end.conftest import NOW
from tests.end_to_end.test_load import Breaking

PRODUCTION, STAGING = company.PRODUCTION.id, company.STAGING.id
CUSTOMERS, STG_ORDERS = "model.shop.customers.v2", "model.shop.stg_orders"
CHANGED = [(CUSTOMERS, ""), (CUSTOMERS, "lifetime_value"), (STG_ORDERS, "ordered_on")]
LIVE = (
    "SELECT unique_id, column_key FROM dbt_doc_changes "
    "WHERE state IN ('built', 'verified') ORDER BY ALL"
)
STATES = (
    "SELECT description, state FROM dbt_doc_changes "
    "WHERE unique_id = ? AND column_key = '' ORDER BY changed_at"
)
AS_TEST = {"sync_id": "test", "clock": lambda: NOW}
TEXT = "Customers, one row each."


def execute(deployment, sql, *parameters, file="warehouse.duckdb"):
    with duckdb.connect(deployment.folder / file) as con:
        con.execute("SET schema = 'dbt_metadata'")
        con.execute(sql, list(parameters))


def deliver(deployment):
    """Write down what a delivery writes."""
    execute(
        deployment,
        "UPDATE dbt_doc_changes SET state = 'confirmed', sent_at = ?, settled_at = ?, "
        "sync_request_id = 'request', row_hash = 'delivered' WHERE state IN ('built', 'verified')",
        deployment.now,
        deployment.now,
    )


def run_again(deployment, like, **ago):
    """Let a run of the story happen again, lately, and sync."""
    deployment.later(hours=2)
    run = deployment.account.add_run(like, created_at=deployment.now - timedelta(**ago))
    deployment.sync()
    return run


def test_the_demo_has_three_texts_to_send(synced):
    assert synced.query(LIVE) == CHANGED


def test_the_baseline_is_the_first_manifest_of_a_production_environment(synced):
    ((environment_id, is_first),) = synced.query(
        "SELECT baselines.environment_id, baseline_at = min(run_started_at) "
        "FROM dbt_doc_baselines AS baselines JOIN sync_artifacts AS artifacts "
        "ON artifacts.environment_id = baselines.environment_id AND artifact = 'manifest' "
        "AND state IN ('found', 'shared') GROUP BY baselines.environment_id, baseline_at"
    )
    assert (environment_id, is_first) == (PRODUCTION, True)


def test_texts_that_dbt_does_not_write_are_recorded_and_not_sent(synced):
    rows = synced.query(
        "SELECT DISTINCT unique_id FROM dbt_doc_changes WHERE state = 'not_persisted' ORDER BY 1"
    )
    assert [uid for (uid,) in rows] == [
        "model.shop.payment_reconciliation",
        "model.shop.store_targets",
        "source.shop.web.sessions",
    ]


def test_a_pull_request_changes_nothing(synced):
    ci = synced.account.run("pull_request").id
    assert synced.query("SELECT count(*) FROM dbt_doc_changes WHERE run_id = ?", ci) == [(0,)]


def test_the_views_show_how_far_descriptions_have_come(deployment):
    deployment.sync()
    execute(
        deployment, "UPDATE dbt_doc_changes SET state = 'failed' WHERE column_key = 'ordered_on'"
    )
    shown = "SELECT docs_state FROM dbt_tab WHERE environment_id = ? AND unique_id = ?"
    column = (
        "SELECT docs_state FROM dbt_tab_columns "
        "WHERE environment_id = ? AND unique_id = ? AND column_key = ?"
    )
    assert deployment.query(shown, PRODUCTION, STG_ORDERS) == [("failed",)]
    assert deployment.query(column, PRODUCTION, STG_ORDERS, "ordered_on") == [("failed",)]
    assert deployment.query(column, PRODUCTION, STG_ORDERS, "order_id") == [("verified",)]
    assert deployment.query(shown, PRODUCTION, CUSTOMERS) == [("verified",)]
    deliver(deployment)
    assert deployment.query(shown, PRODUCTION, CUSTOMERS) == [("confirmed",)]


def test_chosen_environments_take_the_place_of_production(deployment):
    deployment.sync(sigma_environment_ids=(STAGING,))
    assert deployment.query("SELECT DISTINCT environment_id FROM dbt_doc_changes") == [(STAGING,)]
    assert deployment.query(LIVE) == CHANGED


def test_an_environment_chosen_later_begins_with_what_it_has_then(deployment):
    deployment.sync()
    deployment.later(hours=2)
    deployment.account.add_run("staging", created_at=deployment.now - timedelta(hours=1))
    deployment.sync(sigma_environment_ids=(PRODUCTION, STAGING))
    states = deployment.query(
        "SELECT state, description = ? FROM dbt_doc_changes "
        "WHERE environment_id = ? AND unique_id = ? AND column_key = '' ORDER BY changed_at",
        TEXT,
        STAGING,
        CUSTOMERS,
    )
    assert states == [("baseline", False), ("verified", True)]


def test_an_environment_no_longer_chosen_is_forgotten(deployment):
    deployment.sync(sigma_environment_ids=(PRODUCTION, STAGING))
    deployment.later(hours=2)
    deployment.account.add_run("staging", created_at=deployment.now - timedelta(hours=1))
    deployment.sync()
    assert deployment.query("SELECT environment_id FROM dbt_doc_baselines") == [(PRODUCTION,)]
    assert deployment.query("SELECT DISTINCT environment_id FROM dbt_doc_changes") == [
        (PRODUCTION,)
    ]


def test_a_text_that_comes_back_before_it_was_sent_is_not_sent(deployment):
    deployment.sync()
    run_again(deployment, "baseline", hours=1)
    assert [state for _, state in deployment.query(STATES, CUSTOMERS)] == [
        "superseded",
        "superseded",
    ]
    assert deployment.query(LIVE) == []


def test_a_text_that_comes_back_after_another_was_sent_is_sent_again(deployment):
    deployment.sync()
    deliver(deployment)
    run_again(deployment, "baseline", hours=1)
    assert deployment.query(STATES, CUSTOMERS)[-1] == (TEXT, "verified")
    assert deployment.query(LIVE) == CHANGED


def test_what_was_sent_is_not_sent_again_by_later_runs_of_the_same_code(deployment):
    deployment.sync()
    deliver(deployment)
    run_again(deployment, "descriptions", hours=1)
    assert deployment.query(LIVE) == []


def test_a_rebuild_keeps_what_was_sent(deployment):
    deployment.sync()
    deliver(deployment)
    execute(
        deployment,
        "INSERT INTO sigma_table_syncs BY NAME (SELECT account_id, 'request' AS sync_request_id, "
        "1 AS attempt, environment_id, project_id, node_key, unique_id, '[]' AS path, "
        "'doc_changes' AS cause, 1 AS change_count, 'confirmed' AS state, 'x' AS claimed_by, "
        "changed_at AS lease_until, changed_at AS requested_at, 0 AS expected_columns, "
        "'h' AS row_hash, loaded_at, sync_id FROM dbt_doc_changes LIMIT 1)",
    )
    before = deployment.contents()
    deployment.sync(rebuild=True)
    assert deployment.contents() == before
    assert len(before["sigma_table_syncs"]) == 1


def test_loading_again_into_a_new_database_sends_nothing(deployment):
    deployment.sync()
    (deployment.folder / "warehouse.duckdb").unlink()
    deployment.later(minutes=15)
    deployment.sync()
    assert deployment.query(LIVE) == []
    run_again(deployment, "baseline", hours=1)
    assert deployment.query(LIVE) == CHANGED


def test_a_copy_that_broke_down_sends_nothing_either(synced, tmp_path):
    archive = Archive(synced.settings().archive_url, ACCOUNT_ID)
    path = tmp_path / "copy.duckdb"
    with pytest.raises(WarehouseError, match="the power is gone"):
        load(archive, Breaking(path, after=1), runs_per_batch=2, **AS_TEST)
    load(archive, DuckDB(path), **AS_TEST)
    assert synced.query(LIVE, path=path) == []


def test_the_warehouse_itself_is_asked_when_dbt_builds_in_it(deployment):
    """No catalog was made, and the file with the metadata is dbt's own database."""
    for run in deployment.account.runs.values():
        for step in run.recording.steps:
            deployment.account.remove_artifact(run.id, step.index, "catalog.json")
    path = deployment.folder / "shop.duckdb"
    deployment.sync(duckdb_path=path)
    assert deployment.query(LIVE, path=path) == CHANGED
    ((text,),) = deployment.query(
        "SELECT description FROM dbt_doc_changes WHERE column_key = 'ordered_on'", path=path
    )
    quoted = text.replace("'", "''")
    for sql in (
        "CREATE SCHEMA shop.analytics",
        "CREATE VIEW shop.analytics.stg_orders AS SELECT 1 AS ordered_on",
        f"COMMENT ON COLUMN shop.analytics.stg_orders.ordered_on IS '{quoted}'",
        "CREATE TABLE shop.analytics.customers (lifetime_value INTEGER)",
        "COMMENT ON TABLE shop.analytics.customers IS 'Customers.'",
    ):
        execute(deployment, sql, file="shop.duckdb")
    deployment.account.finish(deployment.account.run("queued").id)
    deployment.later(hours=1)
    deployment.sync(duckdb_path=path)
    found = deployment.query(
        "SELECT unique_id, column_key, state, verified_by, warehouse_comment FROM dbt_doc_changes "
        "WHERE is_persisted ORDER BY ALL",
        path=path,
    )
    assert found == [
        (CUSTOMERS, "", "mismatch", "information_schema", "Customers."),
        (CUSTOMERS, "lifetime_value", "mismatch", "information_schema", None),
        (STG_ORDERS, "ordered_on", "verified", "information_schema", None),
    ]
    deployment.sync(duckdb_path=path)
    again = "SELECT state FROM dbt_doc_changes WHERE is_persisted ORDER BY unique_id, column_key"
    assert [row[2] for row in found] == [state for (state,) in deployment.query(again, path=path)]


def test_nothing_is_sent_in_the_middle_of_a_long_load_and_nothing_is_forgotten(synced, tmp_path):
    """The last run to be loaded builds nothing and makes no catalog."""
    path = tmp_path / "batches.duckdb"
    synced.begin(path)
    archive = Archive(synced.settings().archive_url, ACCOUNT_ID)
    names = ("baseline", "descriptions", "freshness")
    wanted = {synced.account.run(name).id for name in names}
    archive.entries = lambda of=archive.entries: {
        run_id: ref for run_id, ref in of().items() if run_id in wanted
    }
    with pytest.raises(WarehouseError, match="the power is gone"):
        load(archive, Breaking(path, after=2), runs_per_batch=1, **AS_TEST)
    assert synced.query(LIVE, path=path) == []
    load(archive, DuckDB(path), runs_per_batch=1, **AS_TEST)
    assert synced.query(LIVE, path=path) == CHANGED
