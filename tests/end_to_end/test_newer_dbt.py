"""A dbt that this package has never seen: its files are loaded, flagged, and shown as such."""

import json

BUILD = 5
"""The step of the run `tonight` that builds."""

ORDERS = "model.shop.orders"


def rewrite(deployment, path, change):
    """Serve an artifact of tonight's build as a later dbt might write it."""
    run = deployment.account.run("tonight")
    document = json.loads(run.artifact(path, BUILD))
    change(document)
    metadata = document["metadata"]
    metadata["dbt_schema_version"] = metadata["dbt_schema_version"].rpartition("/")[0] + "/v99.json"
    metadata["dbt_version"] = "9.0.0-someday"
    deployment.account.replace_artifact(run.id, BUILD, path, json.dumps(document).encode())
    return run.id


def problems(deployment, run_id):
    return set(
        deployment.query(
            "SELECT artifact, problem, detail FROM sync_health "
            "WHERE run_id = ? AND step_index = ? AND problem <> 'missing'",
            run_id,
            BUILD,
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


def test_a_file_served_in_the_place_of_another_is_refused_by_name(deployment):
    run = deployment.account.run("tonight")
    results = run.artifact("run_results.json", BUILD)
    deployment.account.replace_artifact(run.id, BUILD, "manifest.json", results)
    deployment.sync()

    said = "manifest.json was expected, but the file is a run_results.json"
    assert problems(deployment, run.id) == {("manifest", "unreadable", said)}
