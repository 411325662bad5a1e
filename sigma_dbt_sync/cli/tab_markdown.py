"""Writes a dbt tab as Markdown, for a ticket, a wiki or a pull request."""

from collections.abc import Iterable, Iterator

from sigma_dbt_sync.cli.console import counted, plain
from sigma_dbt_sync.cli.tab import Record, Tab
from sigma_dbt_sync.cli.tab_panels import DOCS, duration, instant

_MARKUP = str.maketrans({"<": "&lt;", "|": "\\|", "\n": " "})


def as_markdown(tab: Tab) -> str:
    """Write everything about one relation; texts of the project cannot break the page."""
    return "\n".join(_lines(tab)).rstrip() + "\n"


def _lines(tab: Tab) -> Iterator[str]:
    facts = tab.facts
    yield f"# {_cell(facts['model_name'])}"
    yield ""
    health = f"**{facts['health']}**, {_cell(facts['health_detail'])}"
    yield f"`{plain(facts['relation_key'])}`: {health}"
    yield ""
    description = plain(facts["description"] or "").strip()
    yield description.replace("<", "&lt;") or "No description."
    yield ""
    yield from _table(("", ""), _facts(facts))
    if tab.tests:
        yield from ("", "## Tests", "")
        yield from _table(("test", "on", "last result", "last run"), map(_test, tab.tests))
    if tab.columns:
        yield from ("", "## Columns", "")
        yield from _table(("column", "type", "description", "tests"), map(_column, tab.columns))
    for title, code in (("Source SQL", tab.source_sql), ("Compiled SQL", tab.compiled_sql)):
        if code:
            fence = _fence(code)
            yield from ("", f"## {title}", "", f"{fence}{tab.language}")
            yield from (plain(code).strip("\n"), fence)


def _facts(facts: Record) -> Iterator[tuple[str, str]]:
    status = facts["last_status"]
    yield "Last run", instant(facts["last_run_at"]) + (f", {status}" if status else "")
    if facts["resource_type"] != "source":
        yield "Last built", instant(facts["last_built_at"])
        yield "Execution time", duration(facts["execution_seconds"])
    if facts["job_id"] is not None:
        yield "Job", f"{facts['job_name'] or '(deleted)'}, job {facts['job_id']}"
        yield (
            "Job health",
            f"{facts['job_health'] or 'unknown'}, {facts['job_health_detail'] or ''}",
        )
    if facts["run_id"] is not None:
        yield "Run", f"{facts['run_id']}, {facts['run_status']}, {facts['run_url'] or ''}"
    tests = f"{facts['tests_passing']} of {facts['tests_total']} pass"
    yield "Tests", tests if facts["tests_total"] else "none"
    yield "Columns", f"{facts['columns_documented']} of {facts['columns_total']} described"
    yield "Descriptions", DOCS.get(facts["docs_state"], str(facts["docs_state"]))
    for name, value in (
        ("Environment", facts["environment_name"]),
        ("Owner", facts["owner_name"] or facts["owner_email"]),
        ("Group", facts["group_name"]),
        ("Tags", facts["tags_text"]),
    ):
        if value:
            yield name, value
    relations = counted(facts["downstream_count"], "relation")
    yield "Read by", f"{relations}, {counted(facts['exposure_count'], 'exposure')}"
    yield "As of", instant(facts["metadata_as_of"])


def _test(test: Record) -> tuple[str, ...]:
    result = test["last_status"] or "never ran"
    if test["failures"]:
        result += f", {counted(test['failures'], 'row')}"
    if test["message"] and test["last_status_group"] != "ok":
        result += f": {test['message']}"
    place = test["column_name"] or "(relation)"
    if test["test_role"] != "tested":
        place += f", {test['test_role']}"
    ran_at = test["last_run_at"]
    return test["test_name"], place, result, f"{ran_at:%Y-%m-%d %H:%M}" if ran_at else ""


def _column(column: Record) -> tuple[str, ...]:
    total = column["tests_total"]
    tests = f"{column['tests_passing']} of {total} pass" if total else ""
    name, text = column["column_name"], column["description"]
    return name, column["data_type"] or "", text or "", tests


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(headings)
    yield _row(names)
    yield "|" + "---|" * len(names)
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return plain(text).strip().translate(_MARKUP)


def _fence(code: str) -> str:
    """A fence longer than any in the code."""
    fence = "```"
    while fence in code:
        fence += "`"
    return fence
