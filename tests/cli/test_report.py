"""`report`: one page that holds everything, fetches nothing, and lets no text of a project act."""

import re
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from markdown_it import MarkdownIt

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> ![x](https://evil.example/a.png) "
    "[click](javascript:alert(3)) </style><b>bold</b> {{ 7 * 6 }} | `tick`"
)
TEXTS = (
    "update dbt_models set description = ?, tags_text = ?, owner_name = ?, name = ?",
    "update dbt_columns set description = ?, catalog_type = ?, is_documented = true",
    "update dbt_tests set name = ?, failures_relation = ?",
    "update dbt_node_status set attempt_message = ?, latest_root_cause = ?",
    "update dbt_jobs set name = ?",
    "update dbt_job_status set health_detail = ?",
    "update dbt_environments set name = ?",
    "update dbt_code set code = ?",
    "update dbt_exposures set label = ?",
    "update dbt_node_executions set status = ?",
)
VOID = {"br", "hr", "img", "link", "meta"}
FETCHES = {"src", "srcset", "href", "xlink:href", "data", "poster"}


class Page(HTMLParser):
    """What a browser makes of a page, as far as these tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.links, self.attributes, self.open, self.words = [], [], [], [], []
        self.fetches = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        named = [value for name, value in attrs if name in FETCHES]
        (self.links if tag == "a" else self.fetches).extend(named)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def write(run, folder):
    def write_report(*args):
        done = run("report", *args)
        assert done.exit_code == 0, done.output
        named = args[args.index("--output") + 1] if "--output" in args else "dbt_report.html"
        return (folder / named).read_text(encoding="utf-8")

    return write_report


def styles(page: Page) -> list[str | None]:
    """Leave out the one style the page gives itself."""
    return [
        value
        for name, value in page.attributes
        if name == "style" and not re.fullmatch(r"min-width: \d+px", str(value))
    ]


def change(folder: Path, sql: str, *parameters) -> None:
    with duckdb.connect(folder / "data/dbt_metadata.duckdb") as con:
        con.execute("set schema = 'dbt_metadata'")
        con.execute(sql, list(parameters))


def test_the_page_of_a_relation_holds_its_whole_tab(synced, write, run_json):
    page = Page(write("customers"))
    told = " ".join("".join(page.words).split())
    shown = run_json("show", "customers")

    for name in ("relation_key", "description", "health_detail", "job_name", "owner_name"):
        assert " ".join(shown["dbt_tab"][name].split()) in told, name
    for test in shown["tests"]:
        assert test["test_name"] in told
    for column in shown["columns"]:
        assert column["description"] in told
    assert "left join {{ ref('orders') }}" in told
    assert shown["dbt_tab"]["run_url"] in page.links
    assert page.open == []


def test_without_a_name_it_is_all_of_production(synced, write, run_json):
    text = write("--output", "all.html")
    page = Page(text)
    with duckdb.connect(synced / "data/dbt_metadata.duckdb", read_only=True) as con:
        keys = con.execute(
            "select node_key from dbt_metadata.dbt_metadata.dbt_tab where is_production"
        ).fetchall()

    anchors = {value for name, value in page.attributes if name == "id"}
    assert anchors == {key for (key,) in keys}
    assert {f"#{key}" for (key,) in keys} <= set(page.links)
    assert text.index("order_items") < text.index("stg_orders"), "the failing ones come first"
    assert page.open == []


def test_one_page_or_all_say_the_same_of_a_relation(synced, write):
    def article(text):
        return re.sub(
            r"<details open>|<p class=\"back\">.*?</p>|\s+|<details>",
            "",
            re.search(r"<article.*?<h2>customers <.*?</article>", text, re.DOTALL)[0],
        )

    one, everything = article(write("customers")), article(write("--environment", "Production"))
    key = re.search(r'articleid="(\w+)"', one)[1]

    assert one in everything[everything.index(f'articleid="{key}"') - 1 :]


def test_another_environment_may_be_asked_for(synced, write):
    assert "Staging" in write("--environment", "staging")


@pytest.mark.parametrize("args", [("shop.analytics.customers",), ()])
def test_no_text_of_the_project_becomes_a_tag_or_a_fetch(synced, write, args):
    before = Page(write(*args))
    for sql in TEXTS:
        change(synced, sql, *[HOSTILE] * sql.count("?"))
    text = write(*args)
    page = Page(text)

    assert not {"script", "img", "b", "iframe", "link"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.fetches == styles(page) == []
    assert not [link for link in page.links if not link.startswith(("#", "https://"))]
    assert text.count("alert(1)") > 9, "the texts themselves are shown"
    assert "{{ 7 * 6 }}" in "".join(page.words), "a template inside a text is a text"
    assert set(page.tags) - set(before.tags) <= {"code"}
    assert page.open == []


def test_an_address_is_a_link_only_when_it_is_one(synced, write):
    assert "Open in Sigma" in write("customers")
    change(synced, "update dbt_runs set run_url = 'javascript:alert(1)'")
    change(synced, "update sigma_table_syncs set sigma_url = 'javascript:alert(1)'")
    text = write("customers")

    assert "javascript" not in text
    assert "Open in Sigma" not in text


def test_what_failed_is_read_first(synced, write, run_json):
    groups = [test["last_status_group"] for test in run_json("show", "customers")["tests"]]
    text = write("customers")
    names = [test["test_name"] for test in run_json("show", "customers")["tests"]]

    assert groups[0] == "bad"
    assert "bad" not in groups[1:]
    assert sorted(names, key=text.index) == names


def test_the_page_forbids_scripts_and_fetches(synced, write):
    text = write("customers")
    page = Page(text)

    assert "script" not in page.tags
    assert page.fetches == []
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "url(" not in text
    assert "@import" not in text


def test_markdown_in_a_description_is_shown_as_meant(synced, write):
    change(synced, "update dbt_models set description = ?", "One *row*.\n\n- a\n- `b`")

    assert "<em>row</em>" in write("customers")


def test_a_folder_that_is_not_there_is_told(synced, run):
    done = run("report", "customers", "--output", "nowhere/report.html")

    assert done.exit_code == 1
    assert "Cannot write nowhere/report.html" in done.stderr


def test_an_unknown_relation_or_environment_is_told(synced, run, folder):
    assert run("report", "custmers").exit_code == 1
    assert run("report", "--environment", "Moon").exit_code == 2
    assert list(folder.glob("*.html")) == []


def test_before_the_first_sync_there_is_a_hint(run):
    done = run("report")

    assert done.exit_code == 1
    assert "sigma-dbt-sync sync" in done.stderr


def test_the_same_data_make_the_same_page(synced, run_program):
    """Sets of texts come in another order in every process."""
    pages = []
    for seed in "12":
        done = run_program("report", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        pages.append(Path("dbt_report.html").read_text(encoding="utf-8"))
    first, second = (re.sub(r"; written .*? by", "", page) for page in pages)

    assert first == second
    assert first.count('class="run-times"') > 9


def test_show_writes_markdown(synced, run):
    shown = run("show", "customers", "--markdown").stdout
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(shown)

    assert html.startswith("<h1>customers</h1>")
    assert html.count("<table>") == 3
    assert "<td>Where the receipt goes.</td>" in html
    assert html.count('<code class="language-sql">') == 2


def test_markdown_survives_hostile_texts(synced, run):
    change(synced, "update dbt_columns set description = ?, is_documented = true", HOSTILE + "\nx")
    change(synced, "update dbt_models set description = ?", HOSTILE)
    change(synced, "update dbt_code set code = 'select 1 /*\n```\n<script>\n```\n*/'")
    shown = run("show", "customers", "--markdown").stdout
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(shown)

    assert "<script" not in html
    assert "| <code>tick</code>" in html, "the bar of a text ends no cell"
    assert html.count("<tr>") == shown.count("\n| ")
    assert html.count("<pre>") == 2


def test_json_or_markdown_but_not_both(synced, run):
    assert run("show", "customers", "--markdown", "--json").exit_code == 2
