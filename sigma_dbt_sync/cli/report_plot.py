"""Plots the run times of one relation as bars; fonts and colours are the page's, in report.css.

pygal draws, and writes the texts escaped. What it adds for a picture that stands alone is left out:
its style sheet, its script with the tooltips that need one, and the day it was made.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from markupsafe import Markup
from pygal import Bar  # pyright: ignore[reportMissingTypeStubs] - it has none, hence `Any` below

from sigma_dbt_sync.cli.console import counted, plain
from sigma_dbt_sync.cli.tab import Record
from sigma_dbt_sync.cli.tab_panels import duration, instant

_SIZE = (710, 130)
_AROUND = 8
"""Pixels for half of the topmost and the lowest label, and for letters wider than pygal thinks."""
_ROOM = 24
"""Bars a plot has room for at least, so that few runs are not broad."""
_SIDES = ("x", "y", "width", "height")
_LEAST = 0.03
"""Of the tallest bar: a run of no time is seen all the same."""


def plot(runs: Sequence[Record], name: str) -> Markup:
    """Draw a bar a run, of one or more, oldest to the left, as SVG named for those who hear it."""
    most = max(run["execution_seconds"] or 0 for run in runs) or 1
    bars: list[dict[str, Any] | None] = [
        {
            "value": max(run["execution_seconds"] or 0, _LEAST * most),
            "node": {"class": run["status_group"]},
            "tooltip": _says(run),
        }
        for run in runs
    ]
    chart: Any = Bar(
        width=_SIZE[0],
        height=_SIZE[1],
        explicit_size=True,
        margin=_AROUND,
        spacing=0,
        show_legend=False,
        range=(0, most),
        y_labels=[0, most / 2, most],
        value_formatter=duration,
        classes=["run-times"],
        css=[],
        js=[],
        no_prefix=True,
        disable_xml_declaration=True,
    )
    chart.add("", [*bars, *[None] * (_ROOM - len(bars))])
    says = f"Run times of {plain(name)}, up to {duration(most)}"
    chart.add_xml_filter(partial(_only_the_drawing, says=says))
    return Markup(chart.render())  # noqa: S704 - XML of its own making; the texts in it are escaped


def _only_the_drawing(svg: Any, *, says: str) -> Any:
    drawing = svg.find("g/g[@class='plot']")
    drawing.remove(drawing.find("rect[@class='background']"))
    for bar in drawing.iterfind(".//g[@class='bar']"):
        for for_script in bar.findall("desc"):
            bar.remove(for_script)
        rect = bar.find("rect")
        rect.attrib.update({side: f"{float(rect.get(side)):.1f}" for side in _SIDES})
    svg[:] = [drawing]
    del svg.attrib["id"]
    svg.attrib.update({"role": "img", "aria-label": says})
    return svg


def _says(run: Record) -> str:
    words = [instant(run["completed_at"]), plain(run["status"])]
    if run["execution_seconds"] and run["status_group"] != "skipped":
        words.append(duration(run["execution_seconds"]))
    if run["rows_affected"] is not None:
        words.append(counted(run["rows_affected"], "row"))
    return ", ".join([*words, f"run {run['run_id']}"])
