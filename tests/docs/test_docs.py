"""What docs/ promises: pages that follow the code, and questions whose answers run."""

import re
import runpy
from pathlib import Path

import pytest
import sqlglot

from tests.docs.questions import questions

DOCS = Path(__file__).parents[2] / "docs"
QUESTIONS = questions()
STORY = {
    1: ("unique_id", {"model.shop.order_items", "test.shop.not_null_customers_v2_email"}),
    2: ("failing_model", {"order_items", "customers", "stock_counts"}),
    3: ("model_name", {"stock_counts", "sessions"}),
    5: ("model_name", {"best_sellers", "daily_revenue"}),
    6: ("job_name", {"Daily build", "Hourly sessions and payments"}),
    7: ("job_name", {"Daily build", "Hourly sessions and payments"}),
    8: ("worst_test_name", {"not_null_customers_v2_email"}),
    9: ("failures_relation", {'"shop"."analytics_test_failures"."not_null_customers_v2_email"'}),
    12: ("docs_state", {"not_persisted"}),
    13: ("delivery_state", {"not_persisted", "ready"}),
    15: ("owner_name", {"Finance Team", "Growth Team", "None"}),
    18: ("test_name", {"not_null_customers_v2_email"}),
    19: ("model_name", {"product_catalog", "stg_sessions"}),
    20: ("trigger_category", {"scheduled", "api"}),
    22: ("environment_name", {"Production", "Staging"}),
}
"""What the demo's night has to show: how values in one column of some answers begin."""

each = pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: str(asked.number))


@pytest.mark.parametrize("name", ["tables.md", "views.md", "../sql/views/types.json"])
def test_a_generated_page_is_up_to_date(name):
    written = runpy.run_path(str(DOCS / "generate.py"))["pages"]()

    assert (DOCS / name).read_text(encoding="utf-8") == written[name], "run: make docs"


def test_there_are_twenty_questions_and_each_is_numbered():
    assert [asked.number for asked in QUESTIONS] == list(range(1, 23))


@each
def test_an_answer_has_the_columns_it_promises_and_rows(rows, asked):
    found = rows(asked.sql)

    assert found, asked.title
    assert list(found[0]) == asked.columns


@pytest.mark.parametrize("number", STORY)
def test_an_answer_tells_the_demo_s_story(rows, number):
    column, beginnings = STORY[number]
    told = {str(row[column]) for row in rows(QUESTIONS[number - 1].sql)}

    assert [word for word in beginnings if not any(one.startswith(word) for one in told)] == []


@each
def test_an_answer_is_snowflake_sql_too(asked):
    (tree,) = sqlglot.parse(asked.sql, read="snowflake")

    assert [part.alias_or_name for part in tree.expressions] == asked.columns


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
    newest = rows(QUESTIONS[0].sql)[0]

    assert newest["unique_id"] == "model.shop.order_items"
    assert newest["skipped_count"] == 8
