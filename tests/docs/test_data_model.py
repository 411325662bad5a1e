"""docs/sigma-data-model.md lists what is published, no more and no less."""

import re
from pathlib import Path

import pytest

from sigma_dbt_sync.sigma.data_model import ELEMENTS
from sigma_dbt_sync.warehouse.views import load_views

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sigma-data-model.md").read_text(encoding="utf-8")
NAMES = {element.view: element.name for element in ELEMENTS}


def table(*headings):
    """Read the rows below these headings."""
    head = re.escape(f"| {' | '.join(headings)} |\n") + r"\|[-|]+\|\n"
    (rows,) = re.findall(rf"{head}((?:\|.*\|\n)+)", PAGE)
    return [
        tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in rows.split("\n")[:-1]
    ]


def test_it_lists_every_element_and_its_grain():
    grains = {view.name: view.grain for view in load_views()}
    tab = ("dbt tables", "`dbt_tab`", "relation per environment")

    assert table("element", "view", "one row per") == [
        (one.name, f"`{one.view}`", tab[2] if one.name == tab[0] else grains[one.view])
        for one in ELEMENTS
    ]
    assert grains["dbt_tab"].startswith(tab[2])


def test_it_lists_every_metric_in_its_words():
    assert table("metric", "of", "what it says") == [
        (metric.name, one.name, metric.description) for one in ELEMENTS for metric in one.metrics
    ]


def test_it_lists_every_relationship():
    assert table("from", "relationship", "to") == [
        (one.name, each.name, NAMES[each.view]) for one in ELEMENTS for each in one.relationships
    ]


@pytest.mark.parametrize("option", ["folder", "model", "connection", "restore", "dry-run", "print"])
def test_it_names_every_option(option):
    assert f"`--{option}`" in PAGE


def test_every_link_leads_somewhere():
    pages = set(re.findall(r"\]\(([^)#]+\.md)", PAGE))
    anchors = re.findall(r"\]\(#([^)]+)\)", PAGE)
    titles = re.findall(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)

    assert all((DOCS / page).exists() for page in pages)
    assert set(anchors) <= {title.lower().replace(" ", "-") for title in titles}
