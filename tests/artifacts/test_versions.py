"""Versions that were tested, versions that are newer, and files that are something else."""

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_results import read_run_results
from sigma_dbt_sync.artifacts.sources import read_sources
from sigma_dbt_sync.artifacts.versions import READ_AS, TESTED, parse_schema, version_note
from sigma_dbt_sync.errors import UnreadableArtifact
from tests.builders import catalog, manifest, node, result, run_results, sources

READERS = {
    "manifest": Manifest,
    "run_results": read_run_results,
    "catalog": read_catalog,
    "sources": read_sources,
}
FILES = {
    "manifest": manifest(node()),
    "run_results": run_results(result()),
    "catalog": catalog(),
    "sources": sources(),
}


@pytest.mark.parametrize(
    ("stated", "schema"),
    [
        ("https://schemas.getdbt.com/dbt/manifest/v12.json", ("manifest", 12)),
        ("https://schemas.getdbt.com/dbt/run-results/v6.json", ("run_results", 6)),
        ("HTTP://elsewhere/Run_Results/V6", ("run_results", 6)),
        ("catalog/v1.json ", ("catalog", 1)),
        ("https://schemas.getdbt.com/dbt/manifest.json", None),
        ("manifest/v", None),
        ("manifest/v" + "9" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_a_schema_is_read_leniently(stated, schema):
    assert parse_schema(stated) == schema


@pytest.mark.parametrize("kind", READERS)
def test_a_tested_version_needs_no_word(kind):
    assert READ_AS[kind] in TESTED[kind]
    assert {version_note(kind, f"{kind}/v{number}.json") for number in TESTED[kind]} == {None}


@pytest.mark.parametrize("kind", READERS)
def test_a_newer_version_is_named_with_the_one_it_is_read_as(kind):
    assert version_note(kind, f"https://x/{kind.replace('_', '-')}/v99.json") == (
        f"newer than this version knows (v99); read as v{READ_AS[kind]}"
    )


def test_a_manifest_between_v12_and_fusions_v20_is_newer_too():
    assert version_note("manifest", "manifest/v13.json")
    assert version_note("manifest", "manifest/v20.json") is None


@pytest.mark.parametrize("stated", ["manifest/v0.json", "v12", None])
def test_what_says_nothing_is_no_newer_version(stated):
    assert version_note("manifest", stated) is None


@pytest.mark.parametrize("expected", READERS)
@pytest.mark.parametrize("served", READERS)
def test_a_file_of_another_kind_says_what_it_is(expected, served):
    if expected == served:
        READERS[expected](FILES[served])
        return
    with pytest.raises(UnreadableArtifact) as refused:
        READERS[expected](FILES[served])

    assert str(refused.value) == f"{expected}.json was expected, but the file is a {served}.json"


def test_a_file_that_does_not_say_what_it_is_is_read_by_its_shape():
    assert read_run_results(b'{"results": []}').results == []
