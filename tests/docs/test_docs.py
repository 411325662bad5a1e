"""What docs/ promises: pages that follow the code, and questions whose answers run."""

import re
import runpy
from pathlib import Path

import pytest
import sqlglot

DOCS = Path(__file__).parents[2] / "docs"
QUESTIONS = re.findall(
    r"^### (\d+)\. ([^\n]+)\n(?:(?!^###).)*?```sql\n(.*?)```\n\nColumns: ([^.]+)\.",
    (DOCS / "sigma.md").read_text(encoding="utf-8"),
    flags=re.DOTALL | re.MULTILINE,
)
MAY_BE_EMPTY = {3, 13}
"""Lateness depends on the clock, and delivery on a Sigma; what they read is tested elsewhere."""

each = pytest.mark.parametrize(
    ("number", "title", "sql", "columns"), QUESTIONS, ids=[number for number, *_ in QUESTIONS]
)


@pytest.mark.parametrize("name", ["tables.md", "views.md", "../sql/views/types.json"])
def test_a_generated_page_is_up_to_date(name):
    written = runpy.run_path(str(DOCS / "generate.py"))["pages"]()

    assert (DOCS / name).read_text(encoding="utf-8") == written[name], "run: make docs"


def test_there_are_twenty_questions_and_each_is_numbered():
    assert [int(number) for number, *_ in QUESTIONS] == list(range(1, 23))


@each
def test_an_answer_has_the_columns_it_promises_and_rows(rows, number, title, sql, columns):
    promised = [name.strip() for name in columns.split(",")]
    found = rows(sql)

    assert found or int(number) in MAY_BE_EMPTY, title
    assert list(found[0] if found else promised) == promised


@each
def test_an_answer_is_snowflake_sql_too(number, title, sql, columns):
    (tree,) = sqlglot.parse(sql, read="snowflake")

    assert [part.alias_or_name for part in tree.expressions] == [
        name.strip() for name in columns.split(",")
    ]


def test_every_view_has_its_place_in_the_guide():
    guide = (DOCS / "sigma.md").read_text(encoding="utf-8")
    views = {path.stem for path in (DOCS.parent / "sql" / "views").glob("*.sql")}

    assert sorted(name for name in views - {"dbt_relations"} if f"`{name}`" not in guide) == []


@pytest.mark.parametrize("page", ["sigma.md", "tables.md", "views.md"])
def test_every_link_leads_somewhere(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+\.md)", text)
    anchors = re.findall(r"\]\(#([^)]+)\)", text)
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}

    assert [link for link in links if not (DOCS / link).exists()] == []
    assert [anchor for anchor in anchors if anchor not in headings] == []


def test_what_was_asked_first_is_answered(rows):
    """The root cause of tonight's failures, by the SQL of the first question."""
    (sql,) = [sql for number, _, sql, _ in QUESTIONS if number == "1"]
    newest = rows(sql)[0]

    assert newest["unique_id"] == "model.shop.order_items"
    assert newest["skipped_count"] == 8
