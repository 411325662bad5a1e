"""A dbt that this package has never seen: its files are loaded, flagged, and shown as such."""

import json

FRESHNESS, BUILD, DOCS = 4, 5, 6
"""Steps of the run `tonight`."""

ORDERS = "model.shop.orders"


def rewrite(deployment, path, change, *, step=BUILD):
    """Serve an artifact of tonight's run as a later dbt might write it."""
    run = deployment.account.run("tonight")
    document = json.loads(run.artifact(path, step))
    change(document)
    metadata = document["metadata"]
    metadata["dbt_schema_version"] = metadata["dbt_schema_version"].rpartition("/")[0] + "/v99.json"
    metadata["dbt_version"] = "9.0.0-someday"
    deployment.account.replace_artifact(run.id, step, path, json.dumps(document).encode())
    return run.id


def problems(deployment, run_id, step=BUILD):
    return set(
        deployment.query(
            "SELECT artifact, problem, detail FROM sync_health "
            "WHERE run_id = ? AND step_index = ? AND problem <> 'missing'",
            run_id,
            step,
        )
    )


def test_results_of_a_later_dbt_with_statuses_of_its_own_are_loaded(deployment):
    def change(document):
        document["agents"] = []
        for result in document["results"]:
            result["cost"] = 0.1
            if result["unique_id"] == ORDERS:
                result["status"] = "Half-Built"

    run_id = rewrite(deployment, "run_results.json", change)
    deployment.sync()

    assert deployment.query(
        "SELECT state, reason FROM sync_artifacts "
        "WHERE run_id = ? AND step_index = ? AND artifact = 'run_results'",
        run_id,
        BUILD,
    ) == [("found", "newer than this version knows (v99); read as v6")]
    assert deployment.query(
        "SELECT status, status_group FROM dbt_node_executions WHERE run_id = ? AND unique_id = ?",
        run_id,
        ORDERS,
    ) == [("half-built", "other")]
    assert deployment.query(
        "SELECT count(*) FROM dbt_node_executions WHERE run_id = ? AND status_group = 'ok'", run_id
    ) > [(10,)]
    assert problems(deployment, run_id) == {
        ("run_results", "newer_version", "newer than this version knows (v99); read as v6"),
        ("run_results", "unknown_keys", '["agents","results.cost"]'),
    }


def test_a_manifest_of_a_later_dbt_defines_the_project(deployment):
    def change(document):
        document["nodes"][ORDERS] |= {"description": "As of someday.", "vibe": "calm"}

    run_id = rewrite(deployment, "manifest.json", change)
    report = deployment.sync()

    assert deployment.query(
        "SELECT description FROM dbt_models WHERE unique_id = ? AND description LIKE 'As of%'",
        ORDERS,
    ) == [("As of someday.",)]
    assert problems(deployment, run_id) == {
        ("manifest", "newer_version", "newer than this version knows (v99); read as v12"),
        ("manifest", "unknown_keys", '["nodes.vibe"]'),
    }
    assert report.loaded.artifacts_unreadable == 0


def test_freshness_of_a_later_dbt_is_loaded(deployment):
    def change(document):
        document["results"][0] |= {"status": "Rather Old", "mood": "patient"}

    run_id = rewrite(deployment, "sources.json", change, step=FRESHNESS)
    report = deployment.sync()

    assert deployment.query(
        "SELECT count(*) FILTER (status = 'rather old' AND status_group = 'other'), count(*) > 1 "
        "FROM dbt_source_freshness WHERE run_id = ?",
        run_id,
    ) == [(1, True)]
    assert problems(deployment, run_id, FRESHNESS) == {
        ("sources", "newer_version", "newer than this version knows (v99); read as v3"),
        ("sources", "unknown_keys", '["results.mood"]'),
    }
    assert report.loaded.artifacts_unreadable == 0


def test_a_catalog_of_a_later_dbt_brings_its_columns(deployment):
    def change(document):
        told = document["nodes"][ORDERS]
        told["partitions"] = 3
        told["columns"]["someday"] = {"type": "VECTOR", "index": 99, "name": "someday"}

    run_id = rewrite(deployment, "catalog.json", change, step=DOCS)
    report = deployment.sync()

    assert deployment.query(
        "SELECT catalog_type FROM dbt_columns WHERE unique_id = ? AND column_name = 'someday'",
        ORDERS,
    ) == [("VECTOR",)]
    assert problems(deployment, run_id, DOCS) == {
        ("catalog", "newer_version", "newer than this version knows (v99); read as v1"),
        ("catalog", "unknown_keys", '["nodes.partitions"]'),
    }
    assert report.loaded.artifacts_unreadable == 0


def test_a_kind_of_node_that_nobody_knows_is_an_execution_and_no_relation(deployment):
    """Its results are stored; it is in no table of relations, and no sync ends because of it."""
    agent = "agent.shop.helper"

    def define(document):
        node = dict(document["nodes"][ORDERS])
        document["nodes"][agent] = node | {"unique_id": agent, "resource_type": "agent"}

    def build(document):
        built = next(one for one in document["results"] if one["unique_id"] == ORDERS)
        document["results"].append(built | {"unique_id": agent, "status": "thinking"})

    run_id = rewrite(deployment, "manifest.json", define)
    rewrite(deployment, "run_results.json", build)
    report = deployment.sync()

    assert deployment.query(
        "SELECT resource_type, status, status_group FROM dbt_node_executions "
        "WHERE run_id = ? AND unique_id = ?",
        run_id,
        agent,
    ) == [("agent", "thinking", "other")]
    assert deployment.query("SELECT count(*) FROM dbt_tab WHERE unique_id = ?", agent) == [(0,)]
    assert report.loaded.artifacts_unreadable == 0


def test_a_file_served_in_the_place_of_another_is_refused_by_name(deployment):
    run = deployment.account.run("tonight")
    results = run.artifact("run_results.json", BUILD)
    deployment.account.replace_artifact(run.id, BUILD, "manifest.json", results)
    deployment.sync()

    said = "manifest.json was expected, but the file is a run_results.json"
    assert problems(deployment, run.id) == {("manifest", "unreadable", said)}
