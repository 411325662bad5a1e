"""A browser without a window, and a Dagster for it to look at."""

import io
import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.dagster_ui import dagster_ui
from tests.processes import ROOT, wait_until

PATIENCE = 120_000  # milliseconds; a busy machine shows the same page, only later
SCREENSHOTS = ROOT / ".screenshots"
WIDTH, HEIGHT = 1400, 900
COLOURS = 256  # of a picture; text stays sharp, a file stays below 150 KB
UNFINISHED = ", ".join(
    f'[class*="{name}"]'
    for name in ("Skeleton_animated", "loadingDot", "IndeterminateLoadingBar_loading__", "Spinner")
)
"""What Dagster's pages show in place of what they are still asking for."""


def chromium() -> str | None:
    """Find a browser of the Chromium family."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items):
    """Run these only where a browser is, and allow for slow pages."""
    missing = pytest.mark.skip(reason="no browser found (Debian: apt-get install chromium)")
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.timeout(900))
        if chromium() is None:
            item.add_marker(missing)


class Window:
    """A page of Dagster, and a camera."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, path: str) -> Page:
        """Go to a page, and wait for all that it asks for."""
        self.page.goto(self.url + path)
        self.settle()
        return self.page

    def open_graph(self, path: str, *nodes: str | re.Pattern[str]) -> None:
        """Go to a graph and bring these nodes into sight; what is out of sight is not drawn.

        Dagster fits a graph into the window once, which on a busy machine can be before the graph
        is whole; a double click on the canvas fits it again.
        """
        self.open(path)
        canvas = self.page.locator("[data-svg-viewport]")

        def out_of_sight() -> list[str | re.Pattern[str]]:
            canvas.dispatch_event("dblclick")
            self.settle()
            found = {node: self.page.get_by_text(node, exact=True).first for node in nodes}
            return [node for node, drawn in found.items() if not drawn.is_visible()]

        wait_until(
            lambda: not out_of_sight(),
            PATIENCE / 1000,
            otherwise=lambda: f"{out_of_sight()} not in the graph of {path}",
        )

    def settle(self) -> None:
        """Wait until nothing on the page is still on its way."""
        self.page.wait_for_load_state("networkidle")
        expect(self.page.locator(UNFINISHED)).to_have_count(0)

    def shoot(self, name: str, *, height: int = HEIGHT) -> None:
        """Keep what is seen as a small picture."""
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        self.settle()
        taken = Image.open(io.BytesIO(self.page.screenshot(animations="disabled")))
        small = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        SCREENSHOTS.mkdir(exist_ok=True)
        small.save(SCREENSHOTS / f"{name}.png", optimize=True)
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    """Start Dagster with the demo account."""
    with dagster_ui(tmp_path_factory.mktemp("ui")) as started:
        yield started


@pytest.fixture(scope="module")
def browser():
    """Start a browser; root needs it without Chromium's sandbox."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def window(ui, browser):
    """Open a window of Dagster."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, timezone_id="UTC")
    page.set_default_timeout(PATIENCE)
    page.set_default_navigation_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return Window(page, ui.url)
