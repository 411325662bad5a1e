"""The types of a view's columns, which are there without any warehouse."""

from sigma_dbt_sync.warehouse.view_types import view_types
from sigma_dbt_sync.warehouse.views import load_views


def test_every_column_of_every_view_has_a_type():
    columns = {view.name: list(view.columns) for view in load_views()}

    assert {name: list(types) for name, types in view_types().items()} == columns


def test_types_are_told_in_the_words_of_the_tables():
    dbt_tab = view_types()["dbt_tab"]

    assert (dbt_tab["run_id"], dbt_tab["run_id_text"]) == ("integer", "text")
    assert (dbt_tab["last_run_at"], dbt_tab["execution_seconds"]) == ("timestamp", "number")
    assert dbt_tab["is_primary"] == "boolean"
