"""A new version of this package changes its tables; Sigma, which knows the old ones, is told."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.demo import serve, sigma_story
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.services import services
from sigma_dbt_sync.demo.sigma_catalog import Organization, TableComments, WarehouseConnection
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.sync import (
    extract,
    forget_load,
    load,
    open_archive,
    run_delivery,
    run_sync,
)
from sigma_dbt_sync.warehouse.snowflake import Snowflake
from sigma_dbt_sync.warehouse.snowflake_login import login_from
from sigma_dbt_sync.warehouse.views import load_views

NOW = datetime(2027, 3, 9, 7, 30, tzinfo=UTC)
CHANGED = ("job_health", "sync_health")
"""Views that an older version defined in another way."""


def clock():
    return NOW


@pytest.fixture
def deployment(account, database, tmp_path):
    """Settings of a deployment whose Sigma sees the views, and that Sigma."""
    cloud = Account(read_story(), anchor=NOW)
    views = {
        (database, "DBT_METADATA", view.name.upper()): TableComments(
            view.description, {name.upper(): text for name, text in view.columns.items()}
        )
        for view in load_views()
    }
    connection = WarehouseConnection(
        id="c1", name="Snowflake", information_schema=lambda: views, type="snowflake"
    )
    for path in views:
        connection.indexed[path] = TableComments()
    organization = Organization(connections=[connection], clock=clock, seconds_between_tokens=0.0)
    with serve.serving(services(cloud, organization)) as server:
        told = sigma_story.sigma_settings(organization, server.url)
        settings = account.settings(
            database,
            dbt_cloud_api_host=server.url,
            dbt_cloud_service_token=TOKEN,
            dbt_cloud_account_id=ACCOUNT_ID,
            archive_url=str(tmp_path / "archive"),
            **{name.lower(): value for name, value in told.items()}
            | {"sigma_connection": "Snowflake"},
        )
        yield settings, organization


@pytest.mark.slow
def test_what_a_new_version_defines_anew_is_synced_and_nothing_else(deployment):
    settings, organization = deployment
    older = [
        replace(view, description="As it was.") if view.name in CHANGED else view
        for view in load_views()
    ]
    with open_archive(settings) as (client, archive):
        extract(client, archive, settings, now=NOW)
    with closing(Snowflake(login_from(settings), views=older)) as warehouse:
        load(archive, warehouse, sync_id="older", clock=clock)
        forget_load(archive, warehouse)  # as a new version does
    assert organization.syncs == []

    run_sync(settings, clock=clock)
    report = run_delivery(settings, clock=clock)
    own = [one for one in report.tables if one.request.cause == "schema_migration"]

    assert sorted(one.request.relation.path[-1] for one in own) == [*map(str.upper, CHANGED)]
    assert {one.outcome.state for one in own} == {"confirmed"}
    assert [one.outcome.verified_columns for one in own] == [
        one.outcome.expected_columns for one in own
    ]
    assert run_delivery(settings, clock=clock).tables == []
