"""When a relation leaves the current tables, and when it only seems to be gone."""

import json

REMOVED = ("drafts", "overdue")


def removals(library):
    sql = "SELECT name, run_id FROM dbt_node_versions WHERE change_kind = 'removed' ORDER BY name"
    return library.query(sql)


def test_what_another_variant_still_has_stays(library):
    library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.happen("weeded", hours=3)
    library.sync()

    assert library.names("dbt_models") >= set(REMOVED)
    assert removals(library) == []


def test_what_no_variant_has_is_gone_with_a_removed_version(library):
    library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.happen("weeded", hours=3)
    last = library.happen("weeded_for_librarians", hours=2)
    library.sync()

    assert library.names("dbt_models").isdisjoint(REMOVED)
    assert removals(library) == [(name, last.id) for name in REMOVED]
    columns = library.query("SELECT DISTINCT split_part(unique_id, '.', 3) FROM dbt_columns")
    assert {name for (name,) in columns}.isdisjoint(REMOVED)


def test_it_makes_no_difference_when_the_last_manifest_comes_in_a_sync_of_its_own(library):
    library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.happen("weeded", hours=3)
    library.sync()
    last = library.happen("weeded_for_librarians", hours=2)
    library.later(minutes=15)
    library.sync()

    assert library.names("dbt_models").isdisjoint(REMOVED)
    assert removals(library) == [(name, last.id) for name in REMOVED]


def test_a_variant_unused_for_30_days_keeps_nothing(library):
    library.happen("for_librarians", days=32)
    library.happen("first", days=31)
    last = library.happen("weeded", hours=3)
    library.sync(dbt_cloud_history_days=60)

    assert library.names("dbt_models").isdisjoint(REMOVED)
    assert removals(library) == [(name, last.id) for name in REMOVED]


def test_what_comes_back_with_a_variant_that_had_lapsed_is_added_again(library):
    """Every sync sees one more run; the other manifest of the variant is the same as before."""
    library.happen("for_librarians", days=35)
    first = library.happen("first", days=34)
    weeded = library.happen("weeded", hours=30)
    library.sync(dbt_cloud_history_days=60)
    again = library.happen("for_librarians", minutes=20)
    library.later(minutes=15)
    library.sync(dbt_cloud_history_days=60)

    assert library.versions("overdue")[-2:] == [("removed", weeded.id), ("added", again.id)]
    assert library.versions("readers") == [("added", first.id)]


def test_a_variant_used_29_days_ago_still_counts(library):
    library.happen("for_librarians", days=29)
    library.happen("first", days=28)
    library.happen("weeded", hours=3)
    library.sync(dbt_cloud_history_days=60)

    assert library.names("dbt_models") >= set(REMOVED)


def test_a_project_that_does_not_parse_removes_nothing(library):
    """Its run is shown as failed; Core leaves no manifest behind."""
    library.happen("first", hours=5)
    library.sync()
    before = library.facts()
    broken = library.happen("unparsable", minutes=10)
    library.later(minutes=15)
    library.sync()
    after = library.facts()

    assert library.query("SELECT status FROM dbt_runs WHERE run_id = ?", broken.id) == [("error",)]
    assert {name for name in before if before[name] != after[name]} == {
        *("dbt_runs", "dbt_run_steps", "dbt_job_status", "dbt_environments")
    }


def test_what_fusion_could_not_parse_is_not_removed(library):
    """It leaves a manifest without it, and results that name no node."""
    first = library.happen("first", hours=5)
    library.sync()
    broken = library.happen("documented", minutes=20)
    build, docs = broken.recording.steps
    told = json.loads(first.artifact("manifest.json", first.recording.steps[1].index))
    del told["nodes"]["model.library.readers"]
    results = json.loads(broken.artifact("run_results.json", build.index)) | {"results": []}
    broken.replaced = {(docs.index, path): None for path in docs.artifacts} | {
        (build.index, "manifest.json"): json.dumps(told).encode(),
        (build.index, "run_results.json"): json.dumps(results).encode(),
    }
    library.later(minutes=15)
    library.sync()

    assert library.query(
        "SELECT state FROM sync_artifacts WHERE run_id = ? AND artifact = 'manifest'", broken.id
    ) == [("found",)]
    assert "readers" in library.names("dbt_models")
    assert removals(library) == []
    assert library.query("SELECT definitions_run_id FROM dbt_environments WHERE is_production") == [
        (first.id,)
    ]
