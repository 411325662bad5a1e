"""The SQL made of a table is what both warehouses understand."""

import pytest
import sqlglot
from sqlglot import exp

from sigma_dbt_sync.tables import ALL, render
from sigma_dbt_sync.tables.graph import DBT_CODE, DBT_EDGES
from sigma_dbt_sync.tables.relations import DBT_MODELS

DIALECTS = {"duckdb": render.DUCKDB, "snowflake": render.SNOWFLAKE}

each_table = pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
each_dialect = pytest.mark.parametrize("name", DIALECTS)


def parsed(text: str, dialect: str) -> exp.Expr:
    (tree,) = sqlglot.parse(text, read=dialect)
    assert not isinstance(tree, exp.Command), f"not understood: {text}"
    return tree


@each_table
@each_dialect
def test_definitions_are_understood(table, name):
    tree = parsed(render.create_table(table, DIALECTS[name]), name)
    columns = [column.name for column in tree.find_all(exp.ColumnDef)]

    assert columns == [column.name for column in table.stored]
    assert not list(tree.find_all(exp.PrimaryKey))
    for column in table.stored:
        parsed(render.add_column(table, column, DIALECTS[name]), name)
    for comment in render.comments(table):
        assert isinstance(parsed(comment, name), exp.Comment)


@each_table
@each_dialect
def test_changes_are_understood(table, name):
    assert isinstance(parsed(render.merge(table, "stage", DIALECTS[name]), name), exp.Merge)
    assert isinstance(parsed(render.changed(table, "stage"), name), exp.Select)
    scopes = {table.key[0]: "scope_a", table.key[-1]: "scope_b"}
    assert isinstance(parsed(render.delete(table, "stage", scopes), name), exp.Delete)


@each_dialect
def test_code_is_deleted_when_no_column_of_any_table_names_it(name):
    tree = parsed(render.delete_unused_code(DBT_CODE, ALL, "SELECT value FROM orphans"), name)
    uses = {
        (table.name, column.name)
        for select in tree.find_all(exp.Select)
        for table in select.find_all(exp.Table)
        for column in select.find_all(exp.Column)
    }

    assert {("dbt_models", "raw_code_hash"), ("dbt_models", "compiled_code_hash")} <= uses
    assert ("dbt_test_results", "compiled_code_hash") in uses


def test_code_that_no_table_could_name_is_deleted():
    tree = parsed(render.delete_unused_code(DBT_CODE, [DBT_EDGES], "?"), "duckdb")

    assert isinstance(tree, exp.Delete)


def test_one_table_in_full_for_snowflake():
    assert render.merge(DBT_CODE, "stg_dbt_code", render.SNOWFLAKE, deletes=True) == (
        "MERGE INTO dbt_code AS t\n"
        "USING (SELECT CAST(account_id AS NUMBER(38, 0)) AS account_id, "
        "CAST(code_hash AS VARCHAR) AS code_hash, CAST(language AS VARCHAR) AS language, "
        "CAST(code AS VARCHAR) AS code, CAST(is_truncated AS BOOLEAN) AS is_truncated, "
        "CAST(row_hash AS VARCHAR) AS row_hash, CURRENT_TIMESTAMP AS loaded_at, "
        "CAST(sync_id AS VARCHAR) AS sync_id FROM stg_dbt_code) AS s\n"
        "ON t.account_id = s.account_id AND t.code_hash = s.code_hash\n"
        "WHEN MATCHED AND s.row_hash IS NULL THEN DELETE\n"
        "WHEN MATCHED AND t.row_hash IS DISTINCT FROM s.row_hash THEN UPDATE SET "
        "language = s.language, code = s.code, is_truncated = s.is_truncated, "
        "row_hash = s.row_hash, loaded_at = s.loaded_at, sync_id = s.sync_id\n"
        "WHEN NOT MATCHED THEN INSERT "
        "(account_id, code_hash, language, code, is_truncated, row_hash, loaded_at, sync_id) "
        "VALUES (s.account_id, s.code_hash, s.language, s.code, s.is_truncated, s.row_hash, "
        "s.loaded_at, s.sync_id)"
    )


def test_json_is_parsed_before_it_is_compared_or_stored():
    assert "PARSE_JSON(meta) AS meta" in render.merge(DBT_MODELS, "stage", render.SNOWFLAKE)
    assert "CAST(meta AS JSON) AS meta" in render.merge(DBT_MODELS, "stage", render.DUCKDB)


def test_a_section_of_the_documentation_lists_every_column():
    section = render.markdown(DBT_CODE)

    assert section.startswith("## dbt_code\n\nOne row per text")
    assert "Key: `account_id`, `code_hash`." in section
    assert "| `code` | text | The text. |" in section
