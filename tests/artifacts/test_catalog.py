"""catalog.json: what the warehouse really had."""

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from tests.builders import ORDERS, catalog, found_table


def read(**fields):
    return read_catalog(catalog(found_table(**fields))).relations()[ORDERS]


def stat(value):
    return {"value": value, "label": "L", "include": True}


def test_tables_of_stored_test_failures_are_no_relations():
    """Core lists them as `test.*` nodes: 27 of the 42 nodes of a small project."""
    source = "source.shop.web.sessions"
    found = read_catalog(catalog(*map(found_table, (ORDERS, "test.shop.unique", source))))

    assert set(found.relations()) == {ORDERS, source}


def test_columns_and_comments_are_read():
    table = read(
        columns={"ID": {"comment": "The key.", "type": "NUMBER"}}, metadata={"comment": "O"}
    )

    assert table.metadata.comment == "O"
    assert (table.columns["ID"].comment, table.columns["ID"].type) == ("The key.", "NUMBER")


def test_everything_but_a_columns_name_may_be_missing():
    table = read_catalog(
        b'{"nodes": {"model.shop.orders": {"metadata": {"owner": null, "comment": null},'
        b'"columns": {"id": {"name": "id", "index": null}}}}, "errors": null}'
    ).relations()[ORDERS]

    assert table.columns["id"].type is None
    assert (table.row_count, table.size_bytes, table.last_modified) == (None, None, None)


@pytest.mark.parametrize("name", ["num_rows", "row_count", "rows"])
def test_rows_are_found_under_every_adapters_name(name):
    assert read(stats={name: stat(12.0)}).row_count == 12


@pytest.mark.parametrize("name", ["num_bytes", "bytes", "size"])
def test_bytes_are_found_under_every_adapters_name(name):
    assert read(stats={name: stat(2048)}).size_bytes == 2048


@pytest.mark.parametrize("value", [None, "many", True, {"a": 1}, 1e300])
def test_a_statistic_that_is_no_number_is_none(value):
    assert read(stats={"row_count": stat(value)}).row_count is None


def test_the_last_change_is_kept_as_the_adapter_writes_it():
    assert read(stats={"last_modified": stat("2021-05-06 18:23UTC")}).last_modified == (
        "2021-05-06 18:23UTC"
    )


def test_a_last_change_that_is_no_text_is_none():
    assert read(stats={"last_modified": stat(1620325380)}).last_modified is None


def test_a_text_for_an_index_is_read_as_a_number():
    assert read(columns={"id": {"index": "3"}}).columns["id"].index == 3
