"""What the metrics of Sigma's data model come to on the demo account.

Their formulas run as they are: DuckDB is given functions of Sigma's names, a column's name in
brackets becomes the column, and `&` and texts are written as SQL does. What they should come to is
counted from the tables, by SQL that shares nothing with the views.
"""

import re

import pytest

from sigma_dbt_sync.sigma.data_model import ELEMENTS

FUNCTIONS = {
    "CountIf(condition)": "count_if(condition)",
    "CountDistinct(what)": "count(DISTINCT what)",
    "CountDistinctIf(what, condition)": "count(DISTINCT CASE WHEN condition THEN what END)",
    "Text(what)": "CAST(what AS VARCHAR)",
}
FORMULAS = {
    metric.name: (element.view, metric.formula)
    for element in ELEMENTS
    for metric in element.metrics
}
RELATIONS = " UNION ALL ".join(
    f"SELECT environment_id, unique_id, description FROM dbt_{kind} WHERE {where}"
    for kind, where in {
        "models": "materialized <> 'ephemeral'",
        "seeds": "true",
        "snapshots": "true",
        "sources": "true",
    }.items()
)
FINISHED = "status IN ('success', 'error', 'cancelled')"
NEWEST_RUNS = f"""
    SELECT * FROM dbt_runs
    WHERE {FINISHED}
    QUALIFY row_number() OVER (PARTITION BY job_id ORDER BY run_id DESC) <= 30
"""
NEWEST_RESULTS = """
    SELECT tests.environment_id, tests.test_unique_id,
        arg_max(results.status_group, results.executed_at) AS newest
    FROM dbt_tests AS tests
    INNER JOIN dbt_test_results AS results USING (environment_id, test_unique_id)
    INNER JOIN dbt_runs AS runs ON runs.run_id = results.run_id
    WHERE runs.feeds_state AND results.status_group <> 'skipped'
    GROUP BY ALL
"""
UNDESCRIBED = "coalesce(description, '') = ''"
COLUMNS = f"dbt_columns SEMI JOIN ({RELATIONS}) USING (environment_id, unique_id)"
EXPECTED = {
    "Tables": f"SELECT count(*) FROM ({RELATIONS})",
    "Undescribed tables": f"SELECT count(*) FROM ({RELATIONS}) WHERE {UNDESCRIBED}",
    "Columns": "SELECT count(*) FROM dbt_columns",
    "Undocumented columns": f"SELECT count(*) FROM dbt_columns WHERE {UNDESCRIBED}",
    "Documentation coverage": f"SELECT avg(CAST(NOT {UNDESCRIBED} AS INTEGER)) FROM {COLUMNS}",
    "Tests": "SELECT count(*) FROM dbt_tests",
    "Failing tests": f"SELECT count(*) FROM ({NEWEST_RESULTS}) WHERE newest = 'bad'",
    "Failing jobs": f"""
        SELECT count(*) FROM (
            SELECT arg_max(status, run_id) AS newest FROM dbt_runs WHERE {FINISHED} GROUP BY job_id
        ) WHERE newest = 'error'
    """,
    "p95 run time": f"""
        SELECT max(p95) FROM (
            SELECT quantile_cont(run_seconds, 0.95) AS p95
            FROM ({NEWEST_RUNS}) WHERE status = 'success' GROUP BY job_id
        )
    """,
    "Run success rate": f"""
        SELECT avg(CAST(status = 'success' AS INTEGER)) FROM ({NEWEST_RUNS})
    """,
}


def as_sql(formula):
    sql = re.sub(r"\[\{(\w+)\}\]", r"\1", formula)
    return sql.replace('"', "'").replace(" & ", " || ")


@pytest.fixture
def value(warehouse, rows):
    """Evaluate a metric over its view."""
    for name, sql in FUNCTIONS.items():
        warehouse.execute(f"CREATE OR REPLACE TEMP MACRO {name} AS {sql}")

    def evaluate(metric, where="true"):
        view, formula = FORMULAS[metric]
        (found,) = rows(f"SELECT {as_sql(formula)} AS value FROM {view} WHERE {where}")
        return found["value"]

    return evaluate


@pytest.mark.parametrize("metric", EXPECTED)
def test_a_metric_is_what_the_tables_say(metric, value, warehouse):
    (expected,) = warehouse.execute(EXPECTED[metric]).fetchone()

    assert expected, "the demo shows nothing of it"
    assert float(value(metric)) == pytest.approx(float(expected))


@pytest.mark.parametrize("metric", FORMULAS)
def test_a_metric_has_a_value_and_none_breaks_without_rows(metric, value):
    assert value(metric) is not None or metric == "Longest delay"
    value(metric, where="false")


def test_shares_are_between_none_and_all(value):
    shares = [m.name for element in ELEMENTS for m in element.metrics if m.is_share]

    assert len(shares) == 3
    assert all(0 < value(share) < 1 for share in shares)


def test_a_failing_test_counts_once_however_many_tables_it_is_about(value, rows):
    """A relationships test is shown on both sides; in another environment it is another test."""
    failing = rows(
        "SELECT DISTINCT environment_id, test_unique_id, count(*) AS shown "
        "FROM dbt_tab_tests WHERE last_status_group = 'bad' GROUP BY ALL"
    )

    assert value("Failing tests") == len(failing)
    assert value("Tests") < sum(row["n"] for row in rows("SELECT count(*) AS n FROM dbt_tab_tests"))


def test_stale_tables_are_those_with_a_delay(value, rows):
    (late,) = rows(
        "SELECT count(late_seconds) AS n, max(late_seconds) AS longest "
        "FROM data_freshness WHERE is_late"
    )

    assert value("Stale tables") == late["n"]
    assert value("Longest delay") == late["longest"]


def test_a_metric_can_be_cut_to_production(value, rows):
    (failing,) = rows(
        "SELECT count(*) AS n FROM dbt_tab WHERE is_production AND health = 'failing'"
    )

    assert value("Failing tables", where="is_production") == failing["n"]
    assert value("Failing tables") >= failing["n"]


@pytest.mark.parametrize(
    ("element", "relationship"),
    [(element, one) for element in ELEMENTS for one in element.relationships],
    ids=lambda part: getattr(part, "name", None),
)
def test_a_relationship_leads_to_one_row_at_most_and_finds_some(element, relationship, rows):
    keys = ", ".join(relationship.keys)
    joined = " AND ".join(f"source.{key} = target.{key}" for key in relationship.keys)
    twice = rows(f"SELECT {keys} FROM {relationship.view} GROUP BY ALL HAVING count(*) > 1")
    (met,) = rows(
        f"SELECT count(*) AS n FROM {element.view} AS source "
        f"INNER JOIN {relationship.view} AS target ON {joined}"
    )

    assert twice == []
    assert met["n"] > 0
