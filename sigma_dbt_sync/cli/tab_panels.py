"""Draws a dbt tab: a heading, how it stands, its tests, its columns, its SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.style import Style
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from sigma_dbt_sync.cli.console import HEALTH_STYLES, counted, plain
from sigma_dbt_sync.cli.tab import Record, Tab

_SQL_LINES = 30
_SECONDS_A_MINUTE = 60
_MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "bad": ("✗", "bold red")}
_NEVER_RAN = ("-", "dim")
DOCS = {
    "not_persisted": "not written into the warehouse (persist_docs is off)",
    "unverified": "written into the warehouse by dbt; no catalog has shown it yet",
    "verified": "in the warehouse, as written in dbt",
    "mismatch": "in the warehouse, but not as written in dbt",
    "waiting_for_build": "changed in dbt; the warehouse follows with the next build",
    "built": "written into the warehouse by dbt; Sigma not told yet",
    "sent": "in the warehouse; Sigma was told",
    "accepted": "in the warehouse; Sigma synced the table",
    "confirmed": "in the warehouse and in Sigma",
    "unconfirmed": "in the warehouse; Sigma synced the table but shows another text",
    "failed": "in the warehouse; Sigma could not be told",
}


def print_tab(console: Console, tab: Tab) -> None:
    """Print the tab."""
    facts = tab.facts
    health = facts["health"]
    console.print(
        Panel(
            Group(*_heading(facts), _standing(facts)),
            title=Text(plain(facts["model_name"]), style="bold"),
            title_align="left",
            subtitle=Text(str(facts["environment_name"] or facts["environment_id"]), style="dim"),
            subtitle_align="right",
            border_style=HEALTH_STYLES.get(health, "dim"),
            expand=False,
        )
    )
    _print_section(console, "Tests", _tests(tab.tests) if tab.tests else None)
    _print_section(console, "Columns", _columns(tab.columns) if tab.columns else None)
    for title, code in (("Source SQL", tab.source_sql), ("Compiled SQL", tab.compiled_sql)):
        _print_section(console, title, _code(code, tab.language) if code else None)


def instant(value: datetime | None) -> str:
    """Write a time as people read it."""
    return "never" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float | None) -> str:
    """Write a duration as people read it."""
    if seconds is None:
        return "unknown"
    if seconds < _SECONDS_A_MINUTE:
        return f"{seconds:.2f} s"
    minutes, left = divmod(round(seconds), _SECONDS_A_MINUTE)
    return f"{minutes} min {left:02d} s"


def _heading(facts: Record) -> Iterator[RenderableType]:
    kinds = [facts["resource_type"]]
    if facts["materialized"] not in {None, facts["resource_type"]}:
        kinds.append(facts["materialized"])
    kind = plain(", ".join(kinds))
    yield Text.assemble((plain(facts["relation_key"]), "bold cyan"), (f"  {kind}", "dim"))
    description = plain(facts["description"] or "").strip()
    yield Padding(
        Text(description or "No description.", style="" if description else "dim"), (1, 0)
    )


def _standing(facts: Record) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in _lines(facts):
        grid.add_row(name, value)
    return grid


def _lines(facts: Record) -> Iterator[tuple[str, Text]]:
    yield "Health", _health(facts["health"], facts["health_detail"])
    status = facts["last_status"]
    yield "Last run", Text(instant(facts["last_run_at"]) + (f", {plain(status)}" if status else ""))
    if facts["resource_type"] != "source":
        yield "Execution time", Text(duration(facts["execution_seconds"]))
        yield "Last built", Text(instant(facts["last_built_at"]))
    if facts["job_id"] is not None:
        yield "Job", Text(f"{plain(facts['job_name'] or '(deleted)')}, job {facts['job_id']}")
        yield "Job health", _health(facts["job_health"], facts["job_health_detail"])
    if facts["run_id"] is not None:
        took = duration(facts["run_seconds"])
        ended = plain(facts["run_status"] or "unknown")
        yield "Run", Text(f"{facts['run_id']}, {ended}, {took} in all")
        yield "", _link(facts["run_url"])
    yield "Tests", Text(_tests_in_words(facts))
    yield "Columns", Text(f"{facts['columns_documented']} of {facts['columns_total']} described")
    yield "Descriptions", Text(DOCS.get(facts["docs_state"], str(facts["docs_state"])))
    owner = facts["owner_name"] or facts["owner_email"]
    for name, value in (
        ("Owner", owner),
        ("Group", facts["group_name"]),
        ("Tags", facts["tags_text"]),
    ):
        if value:
            yield name, Text(plain(value))
    relations = counted(facts["downstream_count"], "relation")
    readers = f"{relations}, {counted(facts['exposure_count'], 'exposure')}"
    yield "Read by", Text(readers)
    yield "As of", Text(instant(facts["metadata_as_of"]))


def _health(health: str | None, detail: str | None) -> Text:
    word = health or "unknown"
    style = HEALTH_STYLES.get(word, "dim")
    return Text.assemble((f"● {word}", style), f": {plain(detail)}" if detail else "")


def _link(url: str | None) -> Text:
    """Make a text that terminals open on a click, even where it is broken into two lines."""
    shown = plain(url or "")
    return Text(shown, style=Style(link=shown or None))


def _tests_in_words(facts: Record) -> str:
    if not facts["tests_total"]:
        return "none"
    words = [f"{facts['tests_passing']} of {facts['tests_total']} pass"]
    words += [f"{facts['tests_failing']} failing"] if facts["tests_failing"] else []
    words += [f"{facts['tests_warning']} warning"] if facts["tests_warning"] else []
    return ", ".join(words)


def _tests(tests: Sequence[Record]) -> Table:
    table = _table("", "test", "on", "last result", "last run")
    for test in tests:
        mark, style = _MARKS.get(test["last_status_group"] or "", _NEVER_RAN)
        place = test["column_name"] or "(relation)"
        if test["test_role"] != "tested":
            place += f", {test['test_role']}"
        name = Text(plain(test["test_name"]))
        if test["message"] and style != _MARKS["ok"][1]:
            name.append(f"\n{plain(test['message'])}", style="dim")
        ran_at = test["last_run_at"]
        table.add_row(
            Text(mark, style=style),
            name,
            plain(place),
            Text(_result(test), style=style),
            f"{ran_at:%Y-%m-%d %H:%M}" if ran_at else "",
        )
    return table


def _result(test: Record) -> str:
    status = plain(test["last_status"] or "never ran")
    return f"{status}, {counted(test['failures'], 'row')}" if test["failures"] else status


def _columns(columns: Sequence[Record]) -> Table:
    table = _table("", "column", "type", "description", "tests")
    for column in columns:
        mark, style = _MARKS.get(column["worst_test_status"] or "", _NEVER_RAN)
        total = column["tests_total"]
        table.add_row(
            Text(mark if total else "", style=style),
            plain(column["column_name"]),
            plain(column["data_type"] or ""),
            plain(column["description"] or ""),
            f"{column['tests_passing']} of {total} pass" if total else "",
        )
    return table


def _code(code: str, language: str) -> RenderableType:
    lines = plain(code).strip("\n").splitlines()
    shown = Syntax(
        "\n".join(lines[:_SQL_LINES]),
        language,
        theme="ansi_dark",
        background_color="default",
        word_wrap=True,
    )
    more = len(lines) - _SQL_LINES
    if more <= 0:
        return shown
    return Group(shown, Text(f"… {more} more lines; --json has them all", style="dim"))


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading == "last run")
    return table


def _print_section(console: Console, title: str, content: RenderableType | None) -> None:
    console.print()
    console.print(Text(title, style="bold underline"))
    console.print(content if content is not None else Text("none", style="dim"))
