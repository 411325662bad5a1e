"""Whatever arrives instead of an artifact is told in words, as one kind of error."""

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_results import read_run_results
from sigma_dbt_sync.artifacts.sources import read_sources
from sigma_dbt_sync.errors import UnreadableArtifact
from tests.builders import catalog, manifest, node, result, run_results, sources

READERS = {
    "manifest.json": (Manifest, manifest(node())),
    "run_results.json": (read_run_results, run_results(result())),
    "catalog.json": (read_catalog, catalog()),
    "sources.json": (read_sources, sources()),
}

every_reader = pytest.mark.parametrize(
    ("name", "read", "whole"), [(name, *rest) for name, rest in READERS.items()], ids=list(READERS)
)


@every_reader
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_says_so(name, read, whole, share):
    with pytest.raises(UnreadableArtifact, match=rf"{name} is not valid JSON .*cut off"):
        read(whole[: int(len(whole) * share)])


@every_reader
def test_an_error_page_is_called_one(name, read, whole):
    with pytest.raises(UnreadableArtifact, match=rf"{name} is not valid JSON .*error page"):
        read(b"<html><body>502 Bad Gateway</body></html>")


@every_reader
@pytest.mark.parametrize("content", [b"[]", b"null", b'"text"', b"5"])
def test_json_that_is_no_object_has_another_shape(name, read, whole, content):
    with pytest.raises(UnreadableArtifact, match=rf"{name} does not have the shape"):
        read(content)


@every_reader
@pytest.mark.parametrize("content", [b"{}", b'{"status": {"code": 404}, "data": null}'])
def test_an_object_of_something_else_is_no_empty_artifact(name, read, whole, content):
    """An empty manifest would say that every model of the project is gone."""
    with pytest.raises(UnreadableArtifact, match=rf"{name} does not have the shape.*missing"):
        read(content)


@every_reader
def test_bytes_that_are_no_text_are_not_valid_json(name, read, whole):
    with pytest.raises(UnreadableArtifact, match=name):
        read(b'{"metadata": {"dbt_version": "\xff"}}')


@every_reader
def test_json_nested_without_end_is_refused(name, read, whole):
    with pytest.raises(UnreadableArtifact, match=name):
        read(b'{"x":' + b"[" * 100_000)


@every_reader
def test_a_field_of_another_type_is_named(name, read, whole):
    with pytest.raises(UnreadableArtifact, match="metadata"):
        read(b'{"metadata": 5, "nodes": {}, "results": []}')
