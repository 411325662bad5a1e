"""What the views mean, on the demo account's story."""

import json

import pytest

from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.account import TOKEN

PRODUCTION = company.PRODUCTION.id
STAGING = company.STAGING.id


@pytest.fixture
def tonight(account):
    return account.run("tonight")


@pytest.fixture
def build(tonight):
    """Results of the failing build by unique_id, read from the artifact itself."""
    document = json.loads(tonight.artifact("run_results.json", 5))
    return {result["unique_id"]: result for result in document["results"]}


@pytest.fixture
def production(rows):
    found = rows("SELECT * FROM dbt_tab WHERE environment_id = ?", PRODUCTION)
    return {row["unique_id"]: row for row in found}


def with_status(build, *statuses, of=("model", "seed", "snapshot")):
    return {
        uid
        for uid, result in build.items()
        if result["status"] in statuses and uid.split(".")[0] in of
    }


def test_the_failed_test_is_fail_although_the_last_step_was_docs_generate(rows, tonight, build):
    (failed,) = with_status(build, "fail", of=("test",))
    last_step = json.loads(tonight.artifact("run_results.json"))
    told = {result["unique_id"]: result["status"] for result in last_step["results"]}
    assert told[failed] == "success"
    (result,) = rows(
        "SELECT status, failures FROM dbt_test_results WHERE run_id = ? AND test_unique_id = ?",
        tonight.id,
        failed,
    )
    assert result == {"status": "fail", "failures": 2}


def test_exactly_what_is_bad_or_carries_a_bad_test_is_failing(production, build):
    expected = with_status(build, "error") | {
        "model.shop.customers.v2",  # its e-mail test failed
        "source.shop.warehouse.stock_counts",  # stale beyond its error threshold
    }
    failing = {uid for uid, row in production.items() if row["health"] == "failing"}
    assert failing == expected


def test_what_was_skipped_is_warning_and_says_why(production, build):
    skipped = with_status(build, "skipped")
    assert skipped == {"model.shop.best_sellers", "model.shop.daily_revenue"}
    for uid in skipped:
        assert production[uid]["health"] == "warning"
        assert production[uid]["health_detail"].startswith(
            "not rebuilt: model.shop.order_items failed in run"
        )


def test_what_was_built_and_passed_is_healthy_in_the_failed_run(production, build):
    built = with_status(build, "success") - {
        "model.shop.customers.v2",
        "model.shop.orders",  # carries a test that warned
    }
    assert len(built) > 10
    assert {production[uid]["health"] for uid in built if uid in production} == {"healthy"}


def test_job_health_is_failing_for_everything_that_job_ran_last(production, tonight):
    of_job = [row for row in production.values() if row["run_id"] == tonight.id]
    assert len(of_job) > 15
    assert {row["job_health"] for row in of_job} == {"failing"}
    assert {row["health"] for row in of_job} == {"failing", "warning", "healthy"}


def test_a_skip_is_not_the_last_run(production, tonight):
    row = production["model.shop.daily_revenue"]
    assert row["latest_status"] == "skipped"
    assert row["last_status"] == "success"
    assert row["run_id"] != tonight.id


def test_a_pull_request_run_repaints_nothing(rows, account):
    ci = account.run("pull_request").id
    assert rows("SELECT count(*) AS n FROM dbt_node_executions WHERE run_id = ?", ci)[0]["n"] > 0
    assert rows("SELECT count(*) AS n FROM dbt_tab WHERE run_id = ?", ci)[0]["n"] == 0
    assert (
        rows("SELECT count(*) AS n FROM dbt_node_status WHERE latest_run_id = ?", ci)[0]["n"] == 0
    )


def test_each_relation_has_exactly_one_primary_row(rows):
    found = rows(
        "SELECT relation_key, count(*) FILTER (is_primary) AS primaries FROM dbt_tab "
        "GROUP BY account_id, relation_key"
    )
    assert {row["primaries"] for row in found} == {1}


def test_a_seed_that_is_also_a_source_is_shown_as_the_seed(rows):
    found = rows(
        "SELECT resource_type, is_primary FROM dbt_tab WHERE environment_id = ? AND relation_key = "
        "(SELECT relation_key FROM dbt_seeds WHERE name = 'raw_orders' AND environment_id = ?)",
        PRODUCTION,
        PRODUCTION,
    )
    assert {row["resource_type"]: row["is_primary"] for row in found} == {
        "seed": True,
        "source": False,
    }


def test_environments_do_not_mix(rows):
    (row,) = rows(
        "SELECT health, run_status FROM dbt_tab WHERE environment_id = ? AND unique_id = ?",
        STAGING,
        "model.shop.order_items",
    )
    assert row == {"health": "healthy", "run_status": "success"}


def test_the_tab_answers_every_field_of_sigmas_own(rows):
    (row,) = rows(
        "SELECT * FROM dbt_tab JOIN dbt_tab_sql USING (node_key) "
        "WHERE dbt_tab.environment_id = ? AND dbt_tab.unique_id = 'model.shop.customers.v2'",
        PRODUCTION,
    )
    for name in (
        "model_name",
        "relation_name",
        "description",
        "source_sql",
        "compiled_sql",
        "last_run_at",
        "execution_seconds",
        "health",
        "health_detail",
        "job_id",
        "job_name",
        "run_id",
        "run_url",
        "job_health_detail",
        "owner_name",
        "status_line",
    ):
        assert row[name], name
    assert "{{" in row["source_sql"]
    assert "{{" not in row["compiled_sql"]


def test_columns_carry_description_types_comment_and_worst_test(rows):
    found = rows(
        "SELECT * FROM dbt_tab_columns WHERE environment_id = ? AND unique_id = ?",
        PRODUCTION,
        "model.shop.customers.v2",
    )
    columns = {row["column_key"]: row for row in found}
    assert columns["email"]["worst_test_status"] == "bad"
    assert (
        columns["lifetime_value"]["description"] == columns["lifetime_value"]["warehouse_comment"]
    )
    assert columns["lifetime_value"]["docs_state"] == "verified"
    assert [row["ordinal"] for row in sorted(found, key=lambda r: r["ordinal"])] == list(
        range(1, len(found) + 1)
    )


def test_a_failing_test_says_since_when_and_where_its_rows_are(rows, tonight):
    (row,) = rows(
        "SELECT * FROM dbt_tab_tests WHERE environment_id = ? AND last_status = 'fail'", PRODUCTION
    )
    assert row["run_id"] == tonight.id
    assert row["failures"] == 2
    assert row["last_pass_at"] < row["failing_since_at"] == row["last_run_at"]
    assert row["failures_relation"].endswith('"not_null_customers_v2_email"')


def test_compiled_sql_survives_a_manifest_without_it(rows, account):
    """`dbt test` and `dbt source freshness` write manifests in which no model is compiled."""
    (tests,) = rows(
        "SELECT count(*) AS n FROM dbt_tab_sql JOIN dbt_tab USING (node_key) "
        "WHERE resource_type = 'model' AND compiled_sql IS NULL"
    )
    assert tests["n"] == 0


def test_the_token_is_in_no_table(warehouse):
    names = warehouse.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'dbt_metadata'"
    ).fetchall()
    for (name,) in names:
        assert TOKEN not in str(warehouse.execute(f"SELECT * FROM {name}").fetchall())


def test_health_is_the_last_change_of_health(rows):
    found = rows(
        "SELECT dbt_tab.health, coalesce(changes.to_health, 'unknown') AS told "
        "FROM dbt_tab LEFT JOIN (SELECT node_key, to_health FROM dbt_health_changes QUALIFY "
        "row_number() OVER (PARTITION BY node_key ORDER BY changed_at DESC, run_id DESC) = 1"
        ") AS changes USING (node_key)"
    )
    assert len(found) > 40
    assert [row for row in found if row["health"] != row["told"]] == []


def test_what_failed_tonight_has_tonights_run_and_an_owner_to_tell(rows, tonight):
    found = rows(
        "SELECT unique_id, owner_email FROM dbt_health_changes "
        "WHERE run_id = ? AND to_health = 'failing'",
        tonight.id,
    )
    assert {row["unique_id"]: row["owner_email"] for row in found} == {
        "model.shop.customers.v2": "growth@shop.example",
        "model.shop.order_items": "finance@shop.example",
    }
