"""Makes the report's HTML: a template, Markdown descriptions, highlighted SQL, a plot of run times.

Every text comes from dbt projects and is escaped: Jinja escapes what it fills in, Markdown lets no
HTML and no image through, and the page's own policy forbids scripts and fetches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import (
    get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType] - its options are untyped
)

from sigma_dbt_sync.cli.console import counted
from sigma_dbt_sync.cli.report_facts import Section
from sigma_dbt_sync.cli.tab import Record
from sigma_dbt_sync.cli.tab_panels import DOCS, duration, instant

_PLOT = (640, 110)
_WIDEST = 28
_BAR_GAP = 3
_SEVERITY = {"failing": 0, "warning": 1, "unknown": 2, "healthy": 3}

_markdown = MarkdownIt("commonmark", {"html": False}).disable("image").enable("table")
_formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix="k-")


@dataclass(frozen=True, slots=True)
class Bar:
    """One run in the plot, in pixels, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    group: str
    says: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Run times, oldest to the left."""

    width: int
    height: int
    bars: list[Bar]
    most: str
    half: str
    first: str
    last: str


def render(sections: Sequence[Section], *, written_at: datetime) -> str:
    """Write the page."""
    environment = Environment(
        loader=PackageLoader("sigma_dbt_sync.cli", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {  # pyright: ignore[reportUnknownMemberType] - Jinja leaves it open
        "code": _code,
        "counted": counted,
        "duration": duration,
        "instant": instant,
        "markdown": _prose,
    }
    ranked = sorted(sections, key=_worst_first)
    return environment.get_template("report.html.j2").render(
        sections=ranked,
        written_at=written_at,
        as_of=max(
            (at for one in sections if (at := one.tab.facts["metadata_as_of"])), default=None
        ),
        docs=DOCS,
        plot=plot,
        health={word: _count(ranked, word) for word in _SEVERITY},
    )


def plot(runs: Sequence[Record]) -> Plot | None:
    """Lay the bars of one relation's runs out, or nothing when it never ran."""
    if not runs:
        return None
    width, height = _PLOT
    most = max((run["execution_seconds"] or 0 for run in runs), default=0) or 1
    step = min(width / len(runs), _WIDEST)
    bars: list[Bar] = []
    for number, run in enumerate(runs):
        tall = max((run["execution_seconds"] or 0) / most * height, 3)
        bars.append(
            Bar(
                x=round(number * step, 1),
                y=round(height - tall, 1),
                width=round(step - _BAR_GAP, 1),
                height=round(tall, 1),
                group=run["status_group"],
                says=_says(run),
            )
        )
    first, last = (f"{runs[at]['completed_at']:%Y-%m-%d %H:%M}" for at in (0, -1))
    return Plot(width, height, bars, duration(most), duration(most / 2), first, last)


def _says(run: Record) -> str:
    words = [instant(run["completed_at"]), run["status"]]
    if run["execution_seconds"] and run["status_group"] != "skipped":
        words.append(duration(run["execution_seconds"]))
    if run["rows_affected"] is not None:
        words.append(counted(run["rows_affected"], "row"))
    return ", ".join([*words, f"run {run['run_id']}"])


def _prose(text: str | None) -> Markup:
    # What the library returns is HTML of its own making; the text in it is escaped.
    return Markup(_markdown.render(text or ""))  # noqa: S704


def _code(text: str, language: str) -> Markup:
    lexer = get_lexer_by_name("python" if language == "python" else "sql")
    return Markup(highlight(text, lexer, _formatter))  # noqa: S704 - as above


def _worst_first(section: Section) -> tuple[int, str]:
    facts = section.tab.facts
    return _SEVERITY.get(facts["health"], len(_SEVERITY)), str(facts["relation_key"]).casefold()


def _count(sections: Sequence[Section], health: str) -> int:
    return sum(section.tab.facts["health"] == health for section in sections)
