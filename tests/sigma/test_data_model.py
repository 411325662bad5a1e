"""The data model as it is written: names, formulas, keys, and what they rest on."""

import re

import pytest

from sigma_dbt_sync.sigma.data_model import ELEMENTS, HIDDEN_COLUMNS
from sigma_dbt_sync.sigma.data_model_merge import merge
from sigma_dbt_sync.sigma.data_model_spec import empty_spec, wanted_elements
from sigma_dbt_sync.sigma.friendly_names import friendly
from sigma_dbt_sync.warehouse.views import load_views

VIEWS = {view.name: view for view in load_views()}
METRICS = [(element, metric) for element in ELEMENTS for metric in element.metrics]


def spec(*, friendly_names=True):
    wanted = wanted_elements(
        VIEWS.values(),
        connection_id="c",
        schema=("ANALYTICS", "DBT_METADATA"),
        friendly_names=friendly_names,
    )
    return merge(empty_spec("dbt metadata", "f"), wanted, {}).spec


def elements(**options):
    (page,) = spec(**options)["pages"]
    return {element["name"]: element for element in page["elements"]}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("DAYS_TO_SHIP", "Days to Ship"),
        ("last_run_at", "Last Run at"),
        ("TO_DATE", "To Date"),
        ("is_late", "Is Late"),
        ("SECONDS_P95", "Seconds P95"),
    ],
)
def test_a_friendly_name_keeps_small_words_small(raw, shown):
    assert friendly(raw) == shown


def test_every_element_reads_a_view_and_none_the_one_with_sql():
    views = {element.view for element in ELEMENTS}

    assert views <= VIEWS.keys()
    assert "dbt_tab_sql" not in views
    assert not {"source_sql", "compiled_sql"} & {c for v in views for c in VIEWS[v].columns}


def test_what_was_asked_for_is_there():
    named = {element.name for element in ELEMENTS}
    counted = {metric.name for _, metric in METRICS}

    assert named >= {f"dbt {what}" for what in ("tables", "columns", "tests", "jobs", "freshness")}
    assert named >= {"dbt quality", "dbt documentation"}
    assert counted >= {"Failing tests", "Stale tables", "Documentation coverage", "p95 run time"}


def test_elements_and_columns_are_described_as_the_headers_of_the_views_say():
    tab = elements()["dbt tables"]
    columns = {column["name"]: column for column in tab["columns"]}

    assert tab["description"] == VIEWS["dbt_tab"].description
    assert columns["Health Detail"]["description"] == VIEWS["dbt_tab"].columns["health_detail"]
    assert len(columns) == len(VIEWS["dbt_tab"].columns)


def test_columns_are_read_by_the_name_the_connection_shows():
    friendly_one = elements()["dbt tables"]["columns"]
    raw = elements(friendly_names=False)["dbt tables"]["columns"]

    assert "[DBT_TAB/Tests Failing]" in {column["formula"] for column in friendly_one}
    assert "[DBT_TAB/TESTS_FAILING]" in {column["formula"] for column in raw}
    assert "TESTS_FAILING" in {column["name"] for column in raw}


def test_metrics_follow_those_names():
    def formula(**options):
        (found,) = [
            metric["formula"]
            for metric in elements(**options)["dbt freshness"]["metrics"]
            if metric["name"] == "Stale tables"
        ]
        return found

    assert formula() == "CountIf([Is Late])"
    assert formula(friendly_names=False) == "CountIf([IS_LATE])"


def test_names_are_unique_where_formulas_refer_to_them():
    for name, element in elements().items():
        parts = [part["name"] for part in [*element["columns"], *element.get("metrics", ())]]
        assert sorted(set(parts)) == sorted(parts), name
    assert len({element.name for element in ELEMENTS}) == len(ELEMENTS)


def test_no_name_holds_what_formulas_use():
    for element in elements().values():
        for part in [*element["columns"], *element.get("metrics", ())]:
            assert not re.search(r"[/\[\]]", part["name"])


def test_keys_are_hidden_and_still_there():
    columns = {column["name"]: column for column in elements()["dbt tables"]["columns"]}

    assert columns["Node Key"]["hidden"] is True
    assert "hidden" not in columns["Model Name"]
    assert all(any(key in view.columns for view in VIEWS.values()) for key in HIDDEN_COLUMNS)


@pytest.mark.parametrize(("element", "metric"), METRICS, ids=[metric.name for _, metric in METRICS])
def test_a_metric_says_what_it_counts_in_words_and_columns_of_its_view(element, metric):
    used = re.findall(r"\{(\w+)\}", metric.formula)

    assert used
    assert set(used) <= VIEWS[element.view].columns.keys()
    assert metric.description.endswith(".")


def test_relationships_lead_to_rows_that_are_there_once_and_never_in_a_circle():
    targets = {element.view: {one.view for one in element.relationships} for element in ELEMENTS}

    def reached(view, seen=()):
        assert view not in seen, (*seen, view)
        for target in targets[view]:
            reached(target, (*seen, view))

    for view in targets:
        reached(view)
    for element in ELEMENTS:
        for one in element.relationships:
            columns = VIEWS[element.view].columns.keys() & VIEWS[one.view].columns.keys()
            assert set(one.keys) <= columns
