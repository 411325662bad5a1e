"""What the data model "dbt metadata" holds: which views, how they belong together, what they count.

Elements read views alone, never a table: those are what the role of Sigma's connection may see, and
no view here holds SQL text. Columns are not listed here: an element has every column of its view,
described as in the view's header.

Runs are two elements. `job_health` has a row a job, with percentiles over its runs, and
`run_failures` has what went wrong in each run. A row per run is in `dbt_runs`, which is a table and
would need a grant of its own.

Relationships lead from many rows to one, and never in a circle: columns, tests and failures to
their table, a table to what is known of it.
"""

from msgspec import Struct

NAME = "dbt metadata"


class Metric(Struct, frozen=True, kw_only=True):
    """A number over rows, in Sigma's formula language; `{column}` stands for a column's name."""

    name: str
    formula: str
    description: str
    is_share: bool = False
    """Shown in per cent."""


class Relationship(Struct, frozen=True, kw_only=True):
    """One row of another element for every row: where `keys`, named alike in both, are equal."""

    name: str
    view: str
    keys: tuple[str, ...] = ("node_key",)


class Element(Struct, frozen=True, kw_only=True):
    """A table in the model, on a view."""

    view: str
    name: str
    metrics: tuple[Metric, ...] = ()
    relationships: tuple[Relationship, ...] = ()


HIDDEN_COLUMNS = frozenset(
    {
        "account_id",
        "project_id",
        "environment_id",
        "node_key",
        "root_cause_key",
        "job_id",
        "run_id",
        "last_run_id",
    }
)
"""Keys: there for relationships and metrics, of no use to look at."""

_TABLE = Relationship(name="Table", view="dbt_tab")
_JOB = Relationship(name="Job", view="job_health", keys=("account_id", "job_id"))

ELEMENTS = (
    Element(
        view="dbt_tab",
        name="dbt tables",
        metrics=(
            Metric(
                name="Tables",
                formula="Count([{node_key}])",
                description="Tables, views, seeds, snapshots and sources, each once per "
                "environment.",
            ),
            Metric(
                name="Failing tables",
                formula='CountIf([{health}] = "failing")',
                description="Those whose last attempt, source freshness or any test is bad.",
            ),
            Metric(
                name="Healthy share",
                formula='If(Count([{node_key}]) > 0, CountIf([{health}] = "healthy") / '
                "Count([{node_key}]), Null)",
                description="Healthy ones of all tables; unknown ones are not healthy.",
                is_share=True,
            ),
        ),
        relationships=(
            Relationship(name="Freshness", view="data_freshness"),
            Relationship(name="Quality", view="data_quality"),
            Relationship(name="Documentation", view="documentation_coverage"),
            _JOB,
        ),
    ),
    Element(
        view="dbt_tab_columns",
        name="dbt columns",
        metrics=(
            Metric(
                name="Columns",
                formula="Count([{column_key}])",
                description="Columns known, from the project or the warehouse.",
            ),
            Metric(
                name="Undocumented columns",
                formula="CountIf(Not [{is_documented}])",
                description="Columns without a description.",
            ),
        ),
        relationships=(_TABLE,),
    ),
    Element(
        view="dbt_tab_tests",
        name="dbt tests",
        metrics=(
            Metric(
                name="Tests",
                formula="CountDistinct(Text([{environment_id}]) & [{test_unique_id}])",
                description="Tests, each once per environment however many tables it is about.",
            ),
            Metric(
                name="Failing tests",
                formula="CountDistinctIf(Text([{environment_id}]) & [{test_unique_id}], "
                '[{last_status_group}] = "bad")',
                description="Tests that failed or could not run the last time, each once per "
                "environment.",
            ),
        ),
        relationships=(
            _TABLE,
            Relationship(name="Column", view="dbt_tab_columns", keys=("node_key", "column_key")),
        ),
    ),
    Element(
        view="job_health",
        name="dbt jobs",
        metrics=(
            Metric(
                name="Failing jobs",
                formula='CountIf([{health}] = "failing")',
                description="Jobs whose newest finished run failed.",
            ),
            Metric(
                name="p95 run time",
                formula="Max([{seconds_p95}])",
                description="Seconds that 95 in 100 of a job's last successful runs stayed below; "
                "over several jobs, that of the slowest.",
            ),
            Metric(
                name="Run success rate",
                formula="If(Sum([{runs}]) > 0, Sum([{runs_success}]) / Sum([{runs}]), Null)",
                description="Successful ones of the last 30 finished runs of each job.",
                is_share=True,
            ),
        ),
    ),
    Element(
        view="run_failures",
        name="dbt run failures",
        metrics=(
            Metric(
                name="Runs with failures",
                formula="CountDistinct([{run_id}])",
                description="Runs in which something failed, if only a source that was stale.",
            ),
            Metric(
                name="Root causes",
                formula="CountIf([{is_root_cause}])",
                description="What failed by itself, once per run; not what was skipped for it.",
            ),
            Metric(
                name="Skipped nodes",
                formula="Sum([{skipped_count}])",
                description="What was skipped because something else failed.",
            ),
        ),
        relationships=(_TABLE, _JOB),
    ),
    Element(
        view="data_freshness",
        name="dbt freshness",
        metrics=(
            Metric(
                name="Stale tables",
                formula="CountIf([{is_late}])",
                description="Tables whose newer data should have been there.",
            ),
            Metric(
                name="Longest delay",
                formula="Max([{late_seconds}])",
                description="Seconds by which the latest of them is late.",
            ),
        ),
    ),
    Element(
        view="data_quality",
        name="dbt quality",
        metrics=(
            Metric(
                name="Tables with failing tests",
                formula="CountIf([{tests_failing}] > 0)",
                description="Tables of which at least one test failed the last time it ran.",
            ),
            Metric(
                name="Untested tables",
                formula="CountIf([{tests_total}] = 0)",
                description="Tables that no test judges.",
            ),
        ),
    ),
    Element(
        view="documentation_coverage",
        name="dbt documentation",
        metrics=(
            Metric(
                name="Documentation coverage",
                formula="If(Sum([{columns_total}]) > 0, Sum([{columns_documented}]) / "
                "Sum([{columns_total}]), Null)",
                description="Columns with a description, of all columns known.",
                is_share=True,
            ),
            Metric(
                name="Undescribed tables",
                formula="CountIf(Not [{is_described}])",
                description="Tables that have no description themselves.",
            ),
        ),
    ),
)
"""In the order in which the page shows them."""
