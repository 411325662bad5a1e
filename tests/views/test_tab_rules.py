"""The rules of dbt_tab and dbt_tab_sql, for several projects, environments and jobs in a schema."""

from datetime import timedelta

import pytest

from sigma_dbt_sync import tables
from tests.views.made_up import (
    ACCOUNT,
    ENVIRONMENT,
    JOB,
    ORDERS,
    data_test,
    hours_ago,
    key,
    relation,
    row,
    run,
    status,
)

STAGING, CI = 701, 702
SOURCE = "source.shop.raw.orders"
PLACE = {"relation_key": "shop.analytics.orders"}


def environment(number=ENVIRONMENT, *, is_production=False, as_of=0.5, **fields):
    made = {"environment_id": number, "name": f"e{number}", "metadata_as_of": hours_ago(as_of)}
    return row(tables.DBT_ENVIRONMENTS, **made | {"is_production": is_production} | fields)


def job(number=JOB, name="Daily"):
    return row(tables.DBT_JOBS, job_id=number, name=name)


def built(hours=1.0, word="success", group="ok", *, run_id=1, job_id=JOB, **fields):
    """Make where a relation stands after an attempt of so many hours ago."""
    at = hours_ago(hours)
    places = {"run_id": run_id, "job_id": job_id, "step_index": 4}
    told = {"latest_at": at, "attempted_at": at, "latest_run_id": run_id}
    told |= {f"attempt_{name}": value for name, value in places.items()}
    told |= {"latest_status": word, "latest_status_group": group}
    told |= {"attempt_status": word, "attempt_status_group": group}
    if group in ("ok", "warn"):
        told |= {"ok_at": at, "ok_job_id": job_id, "ok_at_text": f"{at:%Y-%m-%d %H:%M}"}
    return status(**told | fields)


@pytest.fixture
def tab(ask):
    """Ask for the tab of the orders in the environment most rows are made in."""

    def told(*rows, unique_id=ORDERS):
        where = f"environment_id = {ENVIRONMENT} AND unique_id = '{unique_id}'"
        (found,) = ask("dbt_tab", *rows, where=where)
        return found

    return told


def primary(ask, *rows):
    found = ask("dbt_tab", *rows, where="is_primary")
    return {(row["account_id"], row["environment_id"], row["unique_id"]) for row in found}


def test_of_two_projects_and_three_environments_in_one_place_production_is_primary(ask):
    found = primary(
        ask,
        environment(ENVIRONMENT, is_production=True),
        environment(STAGING),
        environment(CI, project_id=71),
        *(relation(environment=one, **PLACE) for one in (ENVIRONMENT, STAGING)),
        relation("model.other.orders", environment=CI, project_id=71, **PLACE),
        built(90),
        built(1, environment=STAGING),
        built(1, unique_id="model.other.orders", environment=CI),
    )

    assert found == {(ACCOUNT, ENVIRONMENT, ORDERS)}


def test_what_dbt_builds_is_primary_before_a_source_of_the_same_table(ask):
    source = relation(SOURCE, **PLACE)

    assert primary(ask, source, relation(**PLACE)) == {(ACCOUNT, ENVIRONMENT, ORDERS)}


def test_of_relations_alike_the_newest_build_is_primary(ask):
    found = primary(
        ask,
        *(relation(environment=one, **PLACE) for one in (ENVIRONMENT, STAGING, CI)),
        built(9),
        built(2, environment=STAGING),
    )

    assert found == {(ACCOUNT, STAGING, ORDERS)}


def test_every_account_has_a_primary_of_its_own(ask):
    found = primary(ask, relation(), relation(account_id=8))

    assert found == {(ACCOUNT, ENVIRONMENT, ORDERS), (8, ENVIRONMENT, ORDERS)}


def test_a_join_on_the_primary_doubles_no_row(ask):
    rows = [relation(environment=one, **PLACE) for one in (ENVIRONMENT, STAGING, CI)]
    found = ask("dbt_tab AS tab JOIN (SELECT 'shop.analytics.orders' AS relation_key) AS mine "
                "USING (relation_key)", *rows, where="tab.is_primary")  # fmt: skip

    assert len(found) == 1


@pytest.mark.parametrize(
    ("rows", "health"),
    [
        ((), "unknown"),
        ((built(),), "healthy"),
        ((built(word="error", group="bad"),), "failing"),
        ((built(word="warn", group="warn"),), "warning"),
        ((built(word="partial success", group="other"),), "warning"),
        ((status(freshness_status_group="bad"),), "failing"),
        ((status(freshness_status_group="warn"),), "warning"),
        ((status(freshness_status_group="ok"),), "healthy"),
        ((built(), *data_test("a", "bad")), "failing"),
        ((built(), *data_test("a", "warn")), "warning"),
        ((built(), *data_test("a", "warn"), *data_test("b", "bad")), "failing"),
        ((built(), *data_test("a", "ok")), "healthy"),
        (data_test("a", "ok"), "healthy"),
        (data_test("a", None), "unknown"),
        ((built(), *data_test("a", "bad", target={"role": "referenced"})), "healthy"),
        ((built(), *data_test("a", "bad", target={"role": "input"})), "healthy"),
    ],
)
def test_health_is_the_worst_of_attempt_freshness_and_tests(tab, rows, health):
    assert tab(relation(), *rows)["health"] == health


@pytest.mark.parametrize(("skipped", "health"), [(1, "warning"), (9, "healthy")])
def test_a_skip_counts_until_the_next_build(tab, skipped, health):
    skip = {"latest_status": "skipped", "latest_status_group": "skipped", "latest_run_id": 7}
    found = tab(relation(), built(5, **skip, latest_at=hours_ago(skipped)))

    assert found["health"] == health
    assert (found["last_run_at"], found["last_built_at"]) == (hours_ago(5), hours_ago(5))
    assert (found["latest_status"], found["last_status"]) == ("skipped", "success")


def test_a_failed_attempt_leaves_the_last_build(tab):
    found = tab(relation(), built(1, "error", "bad", ok_at=hours_ago(30)))

    assert (found["last_run_at"], found["last_built_at"]) == (hours_ago(1), hours_ago(30))


def test_the_detail_of_a_failure_names_command_step_run_and_words(tab):
    step = row(tables.DBT_RUN_STEPS, run_id=3, step_index=4, dbt_command="build")
    attempt = built(word="error", group="bad", run_id=3, attempt_message="No such column.")
    found = tab(relation(), step, attempt)

    assert found["health_detail"] == (
        "dbt build ended with error in step 4 of run 3: No such column."
    )


def test_the_worst_test_is_told_and_the_others_are_counted(tab):
    place = {"attempt_step_index": 5, "attempt_run_id": 3}
    found = tab(
        relation(),
        built(),
        *data_test("a", "warn", ran=1, **place),
        *data_test("b", "bad", ran=2, **place, attempt_failures=4, attempt_message="Look."),
        *data_test("c", "bad", ran=3, **place),
    )

    assert found["health_detail"] == "test b failed in step 5 of run 3, 4 rows: Look. (and 1 more)"
    counts = [found[f"tests_{name}"] for name in ("total", "passing", "warning", "failing")]
    assert counts == [3, 0, 1, 2]


@pytest.mark.parametrize(
    ("rows", "detail"),
    [
        ((), "no dbt job has run yet that tests it or checks its freshness"),
        ((status(SOURCE, freshness_status_group="ok"),), "fresh when dbt last looked, no tests"),
        (data_test("a", "ok", on=SOURCE), "1 of 1 tests pass"),
        (
            (
                status(
                    SOURCE,
                    freshness_status_group="bad",
                    freshness_status="error",
                    freshness_run_id=3,
                    freshness_step_index=1,
                    freshness_message="its newest row was 3 days old",
                ),
            ),
            "source freshness ended with error in step 1 of run 3: its newest row was 3 days old",
        ),
    ],
)
def test_a_source_says_what_is_known_of_it(tab, rows, detail):
    assert tab(relation(SOURCE), *rows, unique_id=SOURCE)["health_detail"] == detail


def test_a_skip_says_what_failed_above(tab):
    skip = {"latest_status": "skipped", "latest_status_group": "skipped", "latest_run_id": 7}
    cause = {"latest_root_cause": "model.shop.stg_orders", "latest_at": hours_ago(1)}
    found = tab(relation(), built(5, **skip | cause))

    assert found["health_detail"] == "not rebuilt: model.shop.stg_orders failed in run 7"


def test_the_line_names_the_job_that_built_and_the_day_only_when_it_is_another(tab):
    as_of = hours_ago(0).replace(hour=23, minute=30)
    now = environment(metadata_as_of=as_of)
    rows = [now, job(), job(7001, "Hourly"), relation(), *data_test("a", "ok")]
    same = {"ok_at": as_of.replace(hour=6, minute=12), "ok_job_id": JOB}
    same["ok_at_text"] = f"{same['ok_at']:%Y-%m-%d %H:%M}"
    late = built(1, "error", "bad", job_id=7001, **same)
    assert tab(*rows, late)["status_line"] == "Updated 06:12 UTC by Daily; 1 of 1 tests pass"

    before = same | {"ok_at": same["ok_at"] - timedelta(days=1), "ok_at_text": "2026-01-01 06:12"}
    found = tab(*rows, built(1, "error", "bad", job_id=7001, **before))
    assert found["status_line"] == "Updated 2026-01-01 06:12 UTC by Daily; 1 of 1 tests pass"


def test_it_stands_with_the_job_and_run_of_its_last_attempt(tab):
    """A relation built by two jobs shows the newer; the other is in relation_jobs."""
    found = tab(
        relation(),
        job(),
        job(7001, "Hourly"),
        run(8, hours=2, seconds=90, status="error", job_id=7001, run_url="https://x/8"),
        row(tables.DBT_JOB_STATUS, job_id=7001, health="failing", run_seconds_p50=80.0),
        built(2, run_id=8, job_id=7001, ok_job_id=JOB),
    )

    assert (found["job_id"], found["job_name"], found["run_id"]) == (7001, "Hourly", 8)
    assert (found["job_id_text"], found["run_id_text"]) == ("7001", "8")
    assert (found["run_status"], found["run_seconds"], found["run_url"]) == (
        "error",
        90,
        "https://x/8",
    )
    assert (found["job_health"], found["run_seconds_p50"], found["health"]) == (
        "failing",
        80,
        "healthy",
    )


def test_environments_do_not_share_their_state(tab):
    found = tab(
        environment(is_production=True),
        relation(),
        relation(environment=STAGING),
        built(1),
        built(1, "error", "bad", environment=STAGING),
        *data_test("a", "bad", environment=STAGING),
    )

    assert (found["health"], found["tests_total"], found["is_production"]) == ("healthy", 0, True)


def test_a_model_without_a_table_has_no_tab(ask):
    ephemeral = relation(relation_key=None, relation_name=None, materialized="ephemeral")

    assert ask("dbt_tab", ephemeral, built()) == []


def changed(column, state):
    ids = {"change_id": column + state, "unique_id": ORDERS, "node_key": key(ORDERS)}
    return row(tables.DBT_DOC_CHANGES, **ids, column_key=column, state=state)


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (("confirmed", "waiting_for_build"), "waiting_for_build"),
        (("confirmed", "mismatch", "failed"), "mismatch"),
        (("accepted", "confirmed"), "accepted"),
        (("baseline", "superseded"), "verified"),
    ],
)
def test_docs_state_is_that_of_the_text_least_far(tab, states, told):
    flags = {"persist_docs_relation": True, "persist_docs_columns": True, "catalog_type": "TABLE"}
    found = tab(relation(**flags), *(changed(f"c{n}", s) for n, s in enumerate(states)))

    assert found["docs_state"] == told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"persist_docs_relation": False}, "not_persisted"),
        ({"catalog_type": None}, "unverified"),
        ({"catalog_comment": "In $."}, "verified"),
        ({"catalog_comment": "In [$]."}, "verified"),
        ({"catalog_comment": "In €."}, "mismatch"),
        ({"catalog_comment": None}, "mismatch"),
    ],
)
def test_without_changes_docs_state_is_what_the_catalog_shows(tab, fields, told):
    known = {"persist_docs_relation": True, "catalog_type": "TABLE", "description": "In $."}

    assert tab(relation(**known | fields))["docs_state"] == told


def synced(state, hours, **fields):
    ids = {"sync_request_id": f"r{hours}", "attempt": 1, "unique_id": ORDERS, "state": state}
    place = PLACE | {"node_key": key(ORDERS), "requested_at": hours_ago(hours)}
    return row(tables.SIGMA_TABLE_SYNCS, **ids | place | fields)


def test_sigmas_address_of_a_table_is_in_the_tab_of_all_that_lies_there(ask):
    address = "https://app.sigmacomputing.com/t/orders"
    found = ask(
        "dbt_tab",
        relation(),
        relation(SOURCE),
        relation("model.shop.customers"),
        synced("confirmed", 9, sigma_url="https://app.sigmacomputing.com/t/old"),
        synced("confirmed", 2, sigma_url=address),
        synced("retry", 1),
    )

    assert {row["unique_id"]: row["sigma_url"] for row in found} == {
        ORDERS: address,
        SOURCE: address,
        "model.shop.customers": None,
    }


def code(digest, text, **fields):
    return row(tables.DBT_CODE, code_hash=digest, code=text, **fields)


def test_source_and_compiled_sql_are_told_apart(ask):
    hashes = {"raw_code_hash": "r", "compiled_code_hash": "c"}
    both = [code("r", "{{ x }}"), code("c", "x", is_truncated=True), code("r", "?", account_id=8)]
    (found,) = ask("dbt_tab_sql", relation(**hashes), *both)

    assert (found["source_sql"], found["compiled_sql"]) == ("{{ x }}", "x")
    assert found["is_truncated"] is True


def test_seeds_and_sources_are_relations_and_an_alias_is_the_table_s_name(ask):
    seed = row(tables.DBT_SEEDS, unique_id="seed.shop.s", name="s", node_key="s", identifier="s")
    found = ask("dbt_relations", seed, relation(SOURCE), relation(identifier="orders_v2"))

    assert {row["resource_type"]: row["table_name"] for row in found} == {
        "model": "orders_v2",
        "seed": "s",
        "source": "orders",
    }
