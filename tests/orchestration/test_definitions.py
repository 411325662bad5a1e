"""What Dagster is given: names, what is on from the first start, columns with types, no noise."""

import warnings
from pathlib import Path

import dagster as dg
import pytest

from sigma_dbt_sync import tables
from sigma_dbt_sync.orchestration.specs import table_spec, view_specs
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.warehouse.views import load_views


@pytest.fixture
def specs(environment) -> dict[str, dg.AssetSpec]:
    settings = load_settings()
    found = [
        *(table_spec(table, settings) for table in tables.ALL),
        *view_specs(load_views(), settings),
    ]
    return {spec.key.to_user_string(): spec for spec in found}


def test_every_column_of_every_table_and_view_has_a_type_and_a_meaning(specs):
    bare = [
        (name, column.name)
        for name, spec in specs.items()
        for column in spec.metadata["dagster/column_schema"].columns
        if not column.type or not column.description
    ]

    assert len(specs) == len(tables.ALL) + len(load_views())
    assert bare == []


def test_every_page_leads_to_the_file_that_defines_it(specs):
    for spec in specs.values():
        (reference,) = spec.metadata["dagster/code_references"].code_references

        assert Path(reference.file_path).is_file()


def test_dagster_does_not_warn_of_its_own_beta_features_at_every_start(environment):
    settings = load_settings()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        table_spec(tables.ALL[0], settings)
        list(view_specs(load_views(), settings))

    assert [each for each in seen if issubclass(each.category, dg.BetaWarning)] == []


def test_what_runs_by_itself_is_on_from_the_first_start():
    from sigma_dbt_sync.definitions import defs

    started = {schedule.name: schedule.default_status.value for schedule in defs.schedules} | {
        sensor.name: sensor.default_status.value for sensor in defs.sensors
    }

    assert started == {
        "dbt_metadata_schedule": "RUNNING",
        "dagster_run_retention_schedule": "RUNNING",
        "failed_runs": "RUNNING",
        "sigma_sync_sensor": "RUNNING",
    }
    assert [job.name for job in defs.jobs] == [
        "dbt_metadata_sync",
        "sigma_sync",
        "dbt_history_backfill",
        "dagster_run_retention",
    ]
