"""Every statement for Snowflake is one that Snowflake's grammar knows, as far as sqlglot has it."""

import re

import pytest
import sqlglot
from sqlglot import exp

from sigma_dbt_sync.tables import ALL, render
from sigma_dbt_sync.tables.graph import DBT_CODE
from sigma_dbt_sync.warehouse import snowflake_schema, sync_lock
from sigma_dbt_sync.warehouse.views import load_views, sql_folder

GRANTS = sql_folder() / "snowflake" / "grants.sql"
# https://docs.snowflake.com/en/sql-reference/reserved-keywords
RESERVED = frozenset(
    """
    account all alter and any as between by case cast check column connect connection constraint
    create cross current current_date current_time current_timestamp current_user database delete
    distinct drop else exists false following for from full grant group gscluster having ilike in
    increment inner insert intersect into is issue join lateral left like localtime localtimestamp
    minus natural not null of on or order organization qualify regexp revoke right rlike row rows
    sample schema select set some start table tablesample then to trigger true try_cast union unique
    update using values view when whenever where with
    """.split()  # noqa: SIM905 - a list of words is read more easily than of literals
)

each_table = pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
each_view = pytest.mark.parametrize("view", load_views(), ids=lambda view: view.name)


def parsed(text: str) -> exp.Expression:
    (tree,) = sqlglot.parse(text, read="snowflake")
    assert not isinstance(tree, exp.Command), f"not understood: {text}"
    return tree


@each_table
def test_tables_are_made_and_extended(table):
    created = parsed(snowflake_schema.create_table(table))

    assert [c.name for c in created.find_all(exp.ColumnDef)] == [c.name for c in table.stored]
    comments = [c.this.name for c in created.find_all(exp.CommentColumnConstraint)]
    assert comments == [column.description for column in table.stored]
    for column in table.stored:
        assert isinstance(parsed(snowflake_schema.add_column(table, column)), exp.Alter)


@each_view
def test_views_are_made_with_their_comments(view):
    created = parsed(snowflake_schema.create_view(view))

    assert isinstance(created.expression, exp.Query)
    assert created.find(exp.CopyGrantsProperty)
    comments = [c.this.name for c in created.this.find_all(exp.CommentColumnConstraint)]
    assert comments == list(view.columns.values())


@each_table
@pytest.mark.parametrize("deletes", [False, True])
def test_rows_are_merged(table, deletes):
    for source in (
        "(SELECT t_0 AS a, i_0 AS b FROM x WHERE place = 0)",
        "(VALUES (?, ?), (?, ?)) AS v (a, b)",
    ):
        merge = parsed(render.merge(table, source, render.SNOWFLAKE, deletes=deletes))
        assert isinstance(merge, exp.Merge)
        assert len(merge.args["whens"].expressions) == 2 + deletes


def test_unused_code_is_deleted():
    sql = render.delete_unused_code(DBT_CODE, ALL, "?, ?", narrow=False)

    assert isinstance(parsed(sql), exp.Delete)
    assert sql.count("?") == 2


@pytest.mark.parametrize(
    "sql",
    [
        snowflake_schema._LOCK.format("id", "'x'"),
        snowflake_schema._COLUMNS,
        *sync_lock.COMMENTS,
        sync_lock.ADVANCE,
        sync_lock.IDENTITY,
        sync_lock.NOTE_FINGERPRINT,
    ],
)
def test_the_lock_is_kept(sql):
    parsed(sql)


def test_no_column_is_a_reserved_word():
    names = {column.name for table in ALL for column in table.stored}
    names |= {column for view in load_views() for column in view.columns}

    assert names & RESERVED == set()


@each_view
def test_no_alias_in_a_view_is_a_reserved_word(view):
    aliases = {name.name.lower() for name in sqlglot.parse_one(view.sql).find_all(exp.TableAlias)}

    assert aliases & RESERVED == set()


@each_view
def test_a_view_has_no_backslash_which_only_snowflake_would_read(view):
    assert "\\" not in view.sql


def test_the_grants_are_understood():
    text = GRANTS.read_text()
    names = dict(re.findall(r"^set (\w+) = '([\w.]+)';", text, re.MULTILINE))
    assert set(re.findall(r"\$(\w+)", text)) == set(names)
    statements = re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
    plain = re.sub(r"identifier\(\$(\w+)\)", lambda found: names[found[1]], statements)

    trees = sqlglot.parse(plain, read="snowflake")

    # what sqlglot keeps as it is: roles, users, and grants on all of something
    kept = [tree.sql() for tree in trees if isinstance(tree, exp.Command)]
    shapes = r"CREATE (ROLE|USER)|GRANT (ROLE|select on (all|future))"
    assert [sql for sql in kept if not re.match(shapes, sql, re.IGNORECASE)] == []
    assert len(trees) > 30


def test_the_grants_give_sigma_the_views_but_not_the_sql_texts():
    text = GRANTS.read_text()
    to_reader = re.findall(
        r"^(.*) (?:to|from) role identifier\(\$sync_reader\);$", text, re.MULTILINE
    )

    assert any(line.startswith("grant select on all views") for line in to_reader)
    revoke = "revoke select on view identifier($sync_code_view)"
    assert to_reader.index(revoke) > to_reader.index(
        "grant select on all views in schema identifier($sync_schema)"
    )
    assert not any("tables" in line for line in to_reader)
