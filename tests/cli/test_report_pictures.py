"""The report's two pictures: lineage that reads from left to right, and bars of run times."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from sigma_dbt_sync.cli.report_lineage import Graph, Node, Picture, draw, lineage
from sigma_dbt_sync.cli.report_plot import plot

HOSTILE = "</title><script>alert(1)</script>\x1b&\"'"
SHOWN = HOSTILE.replace("\x1b", "")
GROUPS = ("ok", "warn", "bad", "skipped", "other")
SVG = {"svg": "http://www.w3.org/2000/svg"}
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", re.IGNORECASE)


def graph(*edges: str) -> Graph:
    """Read edges as `a>b`."""
    pairs = [tuple(edge.split(">")) for edge in edges]
    return lineage([Node(key, key, "model", "healthy") for key in {*sum(pairs, ())}], pairs)


def places(picture: Picture) -> dict[str, tuple[float, float]]:
    return {box.node.key: (box.x, box.y) for box in picture.boxes}


def run_of(seconds: float | None, *, at: int = 0, **changes) -> dict:
    """Make a run, the `at`th of its relation."""
    return {
        "status": "success",
        "status_group": "ok",
        "execution_seconds": seconds,
        "rows_affected": None,
        "completed_at": datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=at),
        "run_id": 7,
    } | changes


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - of our own making


def drawn(*runs: dict, name: str = "orders") -> ET.Element:
    return parsed(plot(runs, name))


def bars(svg: ET.Element) -> list[dict[str, float]]:
    return [
        {side: float(bar.get(side)) for side in ("x", "y", "width", "height")}
        for bar in svg.iterfind(".//svg:rect", SVG)
    ]


def test_every_arrow_points_to_the_right_and_no_box_lies_on_another():
    picture = draw(graph("a>b", "b>f", "a>f", "s>f", "f>g", "f>h", "g>i", "h>i", "x>g"), "f")
    at = places(picture)

    assert set(at) == set("abfsghi"), "x is neither upstream nor downstream"
    assert at["a"][0] < at["b"][0] < at["f"][0] < at["g"][0] == at["h"][0] < at["i"][0]
    assert at["s"][0] == at["b"][0], "what is read late stands next to its reader"
    for x, y in at.values():
        assert 0 < x <= picture.width - picture.box_width
        assert 0 < y <= picture.height - picture.box_height
        for other_x, other_y in set(at.values()) - {(x, y)}:
            assert abs(x - other_x) > picture.box_width or abs(y - other_y) > picture.box_height
    assert len(set(at.values())) == len(at)
    assert len(picture.arrows) == 8
    for arrow in picture.arrows:
        x1, x2 = float(re.match(r"M([\d.]+)", arrow)[1]), float(arrow.split()[-2])
        assert x1 < x2


def test_arrows_start_and_end_at_their_boxes():
    picture = draw(graph("a>f", "b>f"), "f")
    middle = picture.box_height / 2
    at = places(picture)
    starts = {(x + picture.box_width, y + middle) for key, (x, y) in at.items() if key != "f"}
    end = (at["f"][0], at["f"][1] + middle)

    for arrow in picture.arrows:
        numbers = [float(number) for number in re.findall(r"[\d.]+", arrow)]
        starts.remove(tuple(numbers[:2]))
        assert tuple(numbers[-2:]) == end
    assert not starts


def test_lines_that_need_not_cross_do_not():
    at = places(draw(graph("a>z", "b>y", "c>x", "x>f", "y>f", "z>f"), "f"))
    left = sorted("abc", key=lambda key: at[key][1])

    assert sorted("xyz", key=lambda key: at[key][1]) == [
        {"a": "z", "b": "y", "c": "x"}[key] for key in left
    ]


def test_what_is_far_away_is_counted():
    picture = draw(graph("a>b", "b>c", "c>d", "d>f"), "f")

    assert set(places(picture)) == set("bcdf")
    assert picture.left_out == 1


def test_a_crowd_is_cut_to_its_nearest():
    picture = draw(graph(*(f"f>{n}" for n in range(100)), "0>z"), "f")

    assert len(picture.boxes) == 41
    assert "z" not in places(picture)
    assert picture.left_out == 61


def test_a_circle_is_drawn_all_the_same():
    picture = draw(graph("a>b", "b>a"), "a")

    assert len(set(places(picture).values())) == 2
    assert picture.left_out == 0


def test_a_relation_alone_is_a_box_alone():
    alone = lineage([Node("a", "a", "source", None)], [("a", "a"), ("a", "gone")])

    assert draw(alone, "a").arrows == []


def test_a_bar_is_as_tall_as_the_run_was_long():
    ten, five, none, skipped = bars(drawn(*map(run_of, (10, 5, 0, None))))

    assert ten["height"] == pytest.approx(2 * five["height"], abs=0.11)
    assert none["height"] == skipped["height"] >= 3, "no time is seen all the same"
    assert len({round(bar["y"] + bar["height"]) for bar in (ten, five, none, skipped)}) == 1


@pytest.mark.parametrize("number", [1, 4, 40])
def test_bars_stand_side_by_side_oldest_to_the_left(number):
    svg = drawn(*(run_of(at + 1, at=at) for at in range(number)))
    shown = bars(svg)

    assert len(shown) == number
    assert [bar["height"] for bar in shown] == sorted(bar["height"] for bar in shown)
    assert all(a["x"] + a["width"] < b["x"] for a, b in pairwise(shown))
    assert all(5 < bar["width"] < 30 for bar in shown)
    assert shown[-1]["x"] + shown[-1]["width"] < float(svg.get("width"))


def test_the_plot_says_how_long_its_tallest_bar_and_its_middle_are():
    svg = drawn(run_of(90), run_of(30))

    assert [text.text for text in svg.iterfind(".//svg:text", SVG)] == [
        "0.00 s",
        "45.00 s",
        "1 min 30 s",
    ]
    assert svg.get("aria-label") == "Run times of orders, up to 1 min 30 s"


def test_a_bar_tells_of_its_run_when_pointed_at():
    svg = drawn(run_of(90, rows_affected=1200, run_id=70403), run_of(0, status_group="skipped"))
    told = [bar.findtext("svg:title", "", SVG) for bar in svg.iterfind(".//*[@class='bar']")]

    assert told == [
        "2026-03-01 12:00:00 UTC, success, 1 min 30 s, 1,200 rows, run 70403",
        "2026-03-01 12:00:00 UTC, success, run 7",
    ]


def test_a_hostile_text_is_a_text_in_the_plot():
    svg = drawn(run_of(1, status=HOSTILE), name=HOSTILE)

    assert f", {SHOWN}, 1.00 s" in svg.findtext(".//*[@class='bar']/svg:title", "", SVG)
    assert svg.get("aria-label").startswith(f"Run times of {SHOWN}, ")
    assert {part.tag.rpartition("}")[2] for part in svg.iter()} == {
        "svg",
        "g",
        "path",
        "rect",
        "text",
        "title",
    }


def test_the_page_alone_gives_the_plot_its_colours():
    svg = plot([run_of(1, status_group=group) for group in GROUPS], "orders")
    css = (resources.files("sigma_dbt_sync.cli") / "templates/report.css").read_text("utf-8")
    rules = [line for line in css.splitlines() if line.startswith((".run-times", ".lineage"))]

    assert not COLOUR.search(svg)
    assert not re.search(r"\b(style|fill|stroke|font-\w+)=", svg)
    assert [bar.get("class") for bar in parsed(svg).iterfind(".//svg:rect", SVG)] == [*GROUPS]
    assert len(rules) > 9
    assert not [rule for rule in rules if COLOUR.search(rule)]


def test_the_plot_holds_nothing_of_the_day_it_was_drawn():
    svg = plot([run_of(1)], "orders")

    assert svg == plot([run_of(1)], "orders")
    assert "<!--" not in svg
    assert " id=" not in svg


def test_no_other_command_waits_for_what_draws():
    program = """
import sys
import sigma_dbt_sync.cli
print({"networkx", "pygal", "jinja2"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)

    assert done.stdout == b"set()\n"
