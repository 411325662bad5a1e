"""After a migration Sigma looks at our own tables and views again, table by table."""

import pytest

from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.demo.sigma_catalog import TableComments
from sigma_dbt_sync.sync.outbox import Terms
from sigma_dbt_sync.sync.own_tables import plan_own_requests
from sigma_dbt_sync.warehouse.base import named_in
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from sigma_dbt_sync.warehouse.views import load_views
from tests.delivery.world import ACCOUNT, World

SCHEMA = ("META", "DBT_METADATA")
TAB = (*SCHEMA, "DBT_TAB")
VIEW = next(view for view in load_views() if view.name == "dbt_tab")
DONE = ["defined view dbt_tab", "added column dbt_runs.colour", "added column dbt_runs.size"]


class Reached(DuckDB):
    """A warehouse that a Sigma reaches, as it does Snowflake."""

    def schema_for_sigma(self):
        return SCHEMA


@pytest.fixture
def world(tmp_path):
    """A world in which a migration has touched a view that Sigma sees, and a table it does not."""
    world = World(tmp_path)
    world.comments[TAB] = TableComments(None, {n.upper(): t for n, t in VIEW.columns.items()})
    world.connection.indexed[TAB] = TableComments(None, {"NODE_KEY": None})
    (planned,) = plan_own_requests(
        Reached(world.path), DONE, account_id=ACCOUNT, sync_id="load", now=world.now
    )
    world.write(*planned.rows)
    return world


def attempts(world):
    return world.query(
        "SELECT path, attempt, state FROM sigma_table_syncs "
        "WHERE cause = 'schema_migration' ORDER BY path, attempt"
    )


def test_a_report_of_a_migration_names_tables_and_views_once():
    assert named_in(DONE) == {"dbt_tab", "dbt_runs"}


def test_a_file_that_no_sigma_reaches_asks_for_nothing(world):
    told = {"account_id": ACCOUNT, "sync_id": "load", "now": world.now}

    assert plan_own_requests(world.warehouse(), DONE, **told) == []
    assert plan_own_requests(Reached(world.path), [], **told) == []


def test_what_sigma_sees_is_synced_once_and_shows_every_description(world):
    with world.served() as server:
        report = world.deliver(server)
        again = world.deliver(server)
    ((expected, shown),) = world.query(
        "SELECT expected_columns, verified_columns FROM sigma_table_syncs WHERE state = 'confirmed'"
    )

    assert world.synced() == ["DBT_TAB"]
    assert expected == shown == len(VIEW.columns)
    assert [one.request.name for one in report.tables] == ["META.DBT_METADATA.DBT_TAB"]
    assert again.tables == []


def test_what_sigma_may_not_see_is_no_failure_and_not_asked_for_again(world):
    with world.served() as server:
        report = world.deliver(server)
        asked = len(server.requests)
        world.deliver(server)

    assert (report.failed, report.remaining) == ([], 0)
    assert attempts(world) == [
        ('["META","DBT_METADATA","DBT_RUNS"]', 1, "not_in_sigma"),
        ('["META","DBT_METADATA","DBT_TAB"]', 1, "confirmed"),
    ]
    assert len(server.requests) == asked


def test_a_sigma_that_does_not_answer_is_asked_again(world):
    with world.served() as server:
        server.faults.append(Fault("/sync", status=503, times=10_000))
        report = world.deliver(server)
        assert report.remaining == 2
        server.faults.clear()
        world.deliver(server)

    assert world.synced() == ["DBT_TAB"]
    assert attempts(world)[-2:] == [
        ('["META","DBT_METADATA","DBT_TAB"]', 1, "retry"),
        ('["META","DBT_METADATA","DBT_TAB"]', 2, "confirmed"),
    ]


def test_with_a_connection_per_project_nobody_says_which_one_shows_them(world):
    by_project = Terms({70: "Shop warehouse"}.get, "built")
    with world.served() as server:
        report = world.deliver(server, terms=by_project)

    assert (world.synced(), report.remaining) == ([], 0)
    assert {state for _, _, state in attempts(world)} == {"waiting"}
