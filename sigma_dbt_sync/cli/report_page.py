"""Makes the report's HTML: a template, Markdown descriptions, highlighted SQL, a plot of run times.

Every text comes from dbt projects and is escaped: Jinja escapes what it fills in, Markdown lets no
HTML and no image through, and the page's own policy forbids scripts and fetches.
"""

from collections.abc import Sequence
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
from sigma_dbt_sync.cli.report_plot import plot
from sigma_dbt_sync.cli.tab_panels import DOCS, duration, instant

_SEVERITY = {"failing": 0, "warning": 1, "unknown": 2, "healthy": 3}

_markdown = MarkdownIt("commonmark", {"html": False}).disable("image").enable("table")
_formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix="k-")


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
