"""The report as people see it: on a bright screen, a dark one, a phone, and paper."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sigma_dbt_sync.settings import Settings

PROGRAM = Path(sys.executable).with_name("sigma-dbt-sync")
OURS = {name.upper() for name in Settings.model_fields}
SCREEN, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
SEEN = """
    parts => parts.map(part => {
        const {left, right, top, bottom} = part.getBoundingClientRect();
        return {left, right, top, bottom, fill: getComputedStyle(part).fill,
                group: part.getAttribute("class")};
    })
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Write the report of the demo account's production."""
    folder = tmp_path_factory.mktemp("report")
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    for command in ("sync", "report"):
        subprocess.run(
            [PROGRAM, command], cwd=folder, env=clean, check=True, capture_output=True, text=True
        )
    return (folder / "dbt_report.html").as_uri()


@pytest.fixture
def look(browser, report):
    """Open the report, and end the test when it asks for anything or complains."""
    pages, asked, said = [], [], []

    def open_report(viewport=SCREEN, **options):
        page = browser.new_page(viewport=viewport, **options)
        pages.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(report)
        return page

    yield open_report
    for page in pages:
        page.close()

    assert set(asked) == {report}
    assert said == []


def seen(page, parts: str) -> list[dict]:
    return page.locator(parts).evaluate_all(SEEN)


@pytest.mark.parametrize("viewport", [SCREEN, PHONE], ids=["screen", "phone"])
def test_every_run_is_a_bar_that_can_be_seen(look, viewport):
    page = look(viewport)
    bars = seen(page, ".run-times rect")

    assert len(bars) > 30
    assert {bar["group"] for bar in bars} >= {"ok", "bad", "skipped"}
    for bar in bars:
        assert bar["bottom"] - bar["top"] >= 1
        assert bar["right"] - bar["left"] >= 1
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


@pytest.mark.parametrize("viewport", [SCREEN, PHONE], ids=["screen", "phone"])
def test_no_length_of_time_is_cut_off(look, viewport):
    for article in look(viewport).locator("article:has(.run-times)").all():
        plot = article.locator(".run-times")
        (edge,) = plot.evaluate_all(SEEN)
        # a phone's letters are larger, and may stand out of the picture, not out of the page
        (around,) = (article if viewport == PHONE else plot).evaluate_all(SEEN)
        texts = plot.locator("text").evaluate_all(SEEN)

        assert len(texts) == 3
        for text in texts:
            assert around["left"] <= text["left"]
            assert edge["top"] - 1 <= text["top"]
            assert text["bottom"] <= edge["bottom"] + 1


def test_a_bar_has_the_colour_of_its_group_and_of_its_reader(look):
    by_scheme = {}
    for scheme in ("light", "dark"):
        bars = seen(look(color_scheme=scheme), ".run-times rect")
        by_scheme[scheme] = {bar["group"]: bar["fill"] for bar in bars}
    light, dark = by_scheme["light"], by_scheme["dark"]

    assert len(set(light.values())) == len(light)
    assert light.keys() == dark.keys()
    assert not set(light.values()) & set(dark.values())
    assert "rgb(0, 0, 0)" not in {*light.values(), *dark.values()}


def test_lineage_has_no_box_on_another_and_labels_inside(look):
    page = look()
    for picture in page.locator(".lineage").all():
        boxes = picture.locator("rect").evaluate_all(SEEN)
        labels = picture.locator("text").evaluate_all(SEEN)

        assert len(boxes) == len(labels) > 1
        for number, (box, label) in enumerate(zip(boxes, labels, strict=True)):
            assert box["left"] < label["left"]
            assert label["right"] < box["right"] + 1
            for other in boxes[:number]:
                apart = box["right"] < other["left"] or other["right"] < box["left"]
                assert apart or box["bottom"] < other["top"] or other["bottom"] < box["top"]


def test_on_paper_no_picture_is_wider_than_the_page(look):
    page = look({"width": 720, "height": 1000})
    page.emulate_media(media="print")
    (main,) = seen(page, "main")

    for picture in seen(page, ".lineage, .run-times"):
        assert main["left"] <= picture["left"]
        assert picture["right"] <= main["right"]
