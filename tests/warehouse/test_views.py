"""Every view of sql/views/ runs, and its header tells the truth about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from sigma_dbt_sync.warehouse.views import View, load_views, parse_view, sql_folder

VIEWS = load_views()
HEADER = """-- orders: what was sold.
--
-- Returns count.
--
-- grain    order
-- reads    items,
--          customers
-- columns
--   order_id  Order:
--             its number.
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Iterator[DuckDB]:
    opened = DuckDB(tmp_path_factory.mktemp("views") / "test.duckdb")
    opened.migrate()
    yield opened
    opened.close()


def each(views: tuple[View, ...]):
    return pytest.mark.parametrize("view", views, ids=lambda view: view.name)


@each(VIEWS)
def test_the_header_names_the_columns_in_order(warehouse, view):
    found = warehouse.query(f"SELECT * FROM {view.name} LIMIT 0")

    assert list(view.columns) == found.column_names


@each(VIEWS)
def test_the_header_names_what_the_view_reads(view):
    tree = sqlglot.parse_one(view.sql, read="duckdb")
    inner = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - inner

    assert set(view.reads) == read
    assert read <= {table.name for table in ALL} | {other.name for other in VIEWS}


@each(VIEWS)
def test_the_text_is_snowflake_sql_too(view):
    (tree,) = sqlglot.parse(view.sql, read="snowflake")

    assert isinstance(tree, exp.Query)


@each(VIEWS)
def test_every_column_says_what_it_means(view):
    assert [name for name, text in view.columns.items() if not text.endswith(".")] == []


def test_a_view_comes_after_those_it_reads():
    names = [view.name for view in VIEWS]
    reads = {view.name: set(view.reads) & set(names) for view in VIEWS}

    assert [n for i, n in enumerate(names) if not reads[n] <= set(names[:i])] == []


def test_the_example_in_the_readme_is_a_view(warehouse):
    (example,) = (sql_folder() / "README.md").read_text().split("```")[1::2]

    view = parse_view("documented_models", example.removeprefix("sql\n"))

    assert warehouse.query(view.sql).column_names == list(view.columns)


def test_a_header_is_read_across_lines():
    view = parse_view("orders", HEADER + "\nselect 1 as order_id -- one\n;\n")

    assert view == View(
        name="orders",
        description="What was sold. Returns count.",
        grain="order",
        reads=("items", "customers"),
        columns={"order_id": "Order: its number."},
        sql="select 1 as order_id -- one\n",
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("orders:", "order:", "first line"),
        ("what was sold.\n--\n-- Returns count.", "", "first line"),
        ("-- grain    order\n", "", "grain, reads, columns"),
        ("-- reads    items,\n--          customers\n", "", "grain, reads, columns"),
        ("--   order_id  Order:\n--             its number.\n", "", "grain, reads, columns"),
        ("--   order_id  Order:", "--   Order Id  Order:", "cannot read"),
        ("-- columns", "-- rows     all of them", "cannot read"),
        ("its number.\n", "its number.\n\n", "SELECT"),
    ],
)
def test_a_header_that_is_not_as_agreed_is_refused(before, after, message):
    assert before in HEADER
    header = HEADER.replace(before, after)

    with pytest.raises(ValueError, match=message):
        parse_view("orders", header if message == "SELECT" else header + "\nselect 1")


def test_views_that_read_each_other_are_refused(tmp_path: Path):
    for name, other in (("a", "b"), ("b", "a")):
        text = f"-- {name}: x.\n-- grain  x\n-- reads  {other}\n-- columns\n--   x  X.\nselect 1"
        (tmp_path / f"{name}.sql").write_text(text)

    with pytest.raises(ValueError, match="cycle"):
        load_views(tmp_path)
