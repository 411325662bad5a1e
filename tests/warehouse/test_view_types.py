"""The types of a view's columns, derived where no warehouse is."""

from sigma_dbt_sync.tables.spec import Kind
from sigma_dbt_sync.warehouse.view_types import view_types
from sigma_dbt_sync.warehouse.views import load_views


def test_every_column_of_every_view_has_a_type():
    views = load_views()
    found = view_types(views)

    assert {view.name: set(view.columns) for view in views} == {
        name: set(types) for name, types in found.items()
    }


def test_types_are_told_in_the_words_of_the_tables():
    dbt_tab = view_types(load_views())["dbt_tab"]

    assert dbt_tab["run_id"] is Kind.INTEGER
    assert dbt_tab["run_id_text"] is Kind.TEXT
    assert dbt_tab["last_run_at"] is Kind.INSTANT
    assert dbt_tab["execution_seconds"] is Kind.NUMBER
    assert dbt_tab["is_primary"] is Kind.FLAG
