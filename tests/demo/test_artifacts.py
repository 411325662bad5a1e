"""Artifacts of runs and steps, and the trap in the last step."""

import json
from collections import defaultdict

import pytest

BUILD, DOCS = 5, 6
EXECUTED = ("model", "seed", "snapshot")


def artifact(api, run, name, **query):
    answer = api.get(f"/runs/{run.id}/artifacts/{name}.json", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def by_status(results) -> dict[str, set[str]]:
    found = defaultdict(set)
    for result in results["results"]:
        found[result["status"]].add(result["unique_id"])
    return dict(found)


def persisted_docs(manifest) -> dict[str, tuple]:
    """Say what dbt writes into the warehouse, node by node, as dbt's own state selector does."""
    docs = {}
    for unique_id, node in manifest["nodes"].items():
        flags = node["config"].get("persist_docs") or {}
        if node["resource_type"] in EXECUTED and node["relation_name"]:
            columns = {name: column["description"] for name, column in node["columns"].items()}
            docs[unique_id] = (
                node["description"] if flags.get("relation") else None,
                columns if flags.get("columns") else None,
            )
    return docs


def test_a_step_serves_its_own_files_and_what_was_left_before_it(api, account):
    path = f"/runs/{account.run('baseline').id}/artifacts/"
    listed = {step: set(api.get(path, params={"step": step}).json()["data"]) for step in (4, 5, 6)}

    assert "run_results.json" not in listed[4]
    assert {"sources.json", "run_results.json"} <= listed[5]
    assert listed[6] - listed[5] == {"catalog.json"}


def test_without_a_step_the_last_one_is_served(api, account):
    run = account.run("baseline")

    assert artifact(api, run, "run_results") == artifact(api, run, "run_results", step=DOCS)
    assert artifact(api, run, "run_results") != artifact(api, run, "run_results", step=BUILD)


@pytest.mark.parametrize("name", ["parse_error", "cancelled_in_queue", "running", "queued"])
def test_a_run_without_artifacts_lists_null(api, account, name):
    run = account.run(name)

    assert api.get(f"/runs/{run.id}/artifacts/").json()["data"] is None
    assert api.get(f"/runs/{run.id}/artifacts/manifest.json").status_code == 404
    assert api.get(f"/runs/{run.id}/").json()["data"]["artifacts_saved"] is False


def test_steps_before_dbt_have_no_artifacts(api, account):
    answer = api.get(f"/runs/{account.run('baseline').id}/artifacts/", params={"step": 1})

    assert answer.json()["data"] is None


def test_artifacts_say_which_run_wrote_them(api, account):
    for run in account.runs.values():
        if run.has_artifacts:
            env = artifact(api, run, "manifest")["metadata"]["env"]

            assert env["DBT_CLOUD_RUN_ID"] == str(run.id)
            assert env["DBT_CLOUD_JOB_ID"] == str(run.recording.job_id)


def test_only_two_relations_got_new_persisted_docs(api, account):
    before = persisted_docs(artifact(api, account.run("baseline"), "manifest", step=BUILD))
    after = persisted_docs(artifact(api, account.run("descriptions"), "manifest", step=BUILD))

    assert {node for node in before if before[node] != after[node]} == {
        "model.shop.customers.v2",
        "model.shop.stg_orders",
    }


def test_texts_that_are_not_persisted_changed_too(api, account):
    before = artifact(api, account.run("baseline"), "manifest", step=BUILD)
    after = artifact(api, account.run("descriptions"), "manifest", step=BUILD)

    def texts(manifest):
        return {
            unique_id: (node["description"], [c["description"] for c in node["columns"].values()])
            for unique_id, node in (manifest["nodes"] | manifest["sources"]).items()
            if "columns" in node
        }

    old, new = texts(before), texts(after)
    assert {node for node in old if old[node] != new[node]} == {
        "model.shop.customers.v2",
        "model.shop.payment_reconciliation",
        "model.shop.stg_orders",
        "model.shop.store_targets",
        "source.shop.web.sessions",
    }


def test_the_failed_build_tells_what_failed(api, account):
    found = by_status(artifact(api, account.run("tonight"), "run_results", step=BUILD))

    assert found["error"] == {"model.shop.order_items"}
    assert {node.rpartition(".")[0] for node in found["fail"]} == {
        "test.shop.not_null_customers_v2_email"
    }
    assert found["warn"] == {"test.shop.assert_orders_are_paid"}
    assert {node for node in found["skipped"] if node.startswith("model.")} == {
        "model.shop.best_sellers",
        "model.shop.daily_revenue",
    }


def test_the_failed_test_kept_its_rows(api, account):
    results = artifact(api, account.run("tonight"), "run_results", step=BUILD)["results"]
    failed = next(result for result in results if result["status"] == "fail")

    assert failed["failures"] == 2
    assert (
        failed["relation_name"] == '"shop"."analytics_test_failures"."not_null_customers_v2_email"'
    )


def test_the_last_step_of_the_failed_run_says_all_is_well(api, account):
    docs = artifact(api, account.run("tonight"), "run_results")

    assert docs["args"]["which"] == "generate"
    assert set(by_status(docs)) == {"success"}
    assert "model.shop.order_items" in by_status(docs)["success"]


def test_the_cancelled_run_kept_what_was_finished(api, account):
    nodes = artifact(api, account.run("cancelled"), "manifest", step=BUILD)["nodes"]
    found = by_status(artifact(api, account.run("cancelled"), "run_results", step=BUILD))
    told = set().union(*found.values())

    assert "model.shop.order_items" in found["success"]
    assert "model.shop.best_sellers" in nodes
    assert "model.shop.best_sellers" not in told


def test_sources_are_fresh_stale_and_very_stale(api, account):
    sources = artifact(api, account.run("freshness"), "sources")

    assert {row["unique_id"]: row["status"] for row in sources["results"]} == {
        "source.shop.payments_api.payments": "pass",
        "source.shop.web.sessions": "warn",
        "source.shop.warehouse.stock_counts": "error",
    }


def test_a_pull_request_builds_into_its_own_schema(api, account):
    run = account.run("pull_request")
    nodes = artifact(api, run, "manifest")["nodes"]
    found = by_status(artifact(api, run, "run_results"))

    assert nodes["model.shop.best_sellers"]["schema"] == run.recording.schema_override
    assert found["error"] == {"model.shop.best_sellers"}
    assert "model.shop.daily_revenue" in found["success"]


def test_no_artifact_names_the_machine_it_was_recorded_on(account):
    for run in account.runs.values():
        for step in run.steps:
            for path in step.artifacts:
                content = run.artifact(path, step.index) or b""

                assert b"/tmp/" not in content, (run.recording.name, path)
                assert b"/root" not in content, (run.recording.name, path)
            assert "/root" not in step.logs


def test_every_artifact_is_json(account):
    for run in account.runs.values():
        for step in run.steps:
            for path in run.paths(step.index):
                assert isinstance(json.loads(run.artifact(path, step.index)), dict)
