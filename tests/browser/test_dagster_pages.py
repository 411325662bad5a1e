"""What a platform engineer sees in Dagster, from the first sync on."""

import re

import pytest
from playwright.sync_api import expect

from sigma_dbt_sync.demo.company import PRODUCTION

DBT = f"/assets/dbt/{PRODUCTION.id}"
LOCATION = "/locations/sigma_dbt_sync"


@pytest.fixture(scope="module")
def first_run(ui, window):
    """Launch the first sync as a person does, and stay on its page until it is over."""
    page = window.open(f"{LOCATION}/jobs/dbt_metadata_sync")
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("View", exact=True).click()
    page.wait_for_url("**/runs/*")
    run_id = page.url.rpartition("/")[2]
    ended = ui.end_of(run_id)
    assert ended == "SUCCESS", ui.log.read_text()
    return run_id


def test_a_run_launched_by_a_click_succeeds(first_run, window):
    page = window.open(f"/runs/{first_run}")

    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    expect(page.get_by_text("dbt_cloud_archive").first).to_be_visible()
    window.shoot("run")


def test_the_graph_leads_from_dbts_relations_to_what_is_broken(first_run, window):
    groups = ("dbt_cloud", "dbt_metadata", "analyst_views", "sigma", re.compile("^dbt_shop"))
    window.open_graph("/asset-groups", *groups)
    window.shoot("graph")

    upstream = f"{DBT}/customers_v2?view=lineage&lineageScope=upstream&lineageDepth=4"
    window.open_graph(upstream, "customers_v2", "orders", "stg_customers", "raw_customers")
    window.shoot("lineage")


def test_a_models_page_says_what_it_is_and_how_its_last_build_went(first_run, window):
    page = window.open(f"{DBT}/orders?view=overview")

    expect(page.get_by_text("Every order with what was paid for it.")).to_be_visible()
    expect(page.get_by_text("One number per order.")).to_be_visible()
    expect(page.get_by_text("finance@shop.example").first).to_be_visible()
    expect(page.get_by_text("shop.analytics.orders").first).to_be_visible()
    expect(page.get_by_text("Latest materialization")).to_be_visible()
    window.shoot("model", height=1250)


def test_a_failing_dbt_test_is_a_failing_check_with_its_rows_and_run(first_run, window):
    page = window.open(f"{DBT}/customers_v2?view=checks")
    page.get_by_text("not_null_customers_v2_email").first.click()

    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("Succeeded", exact=True).first).to_be_visible()
    expect(page.get_by_text("failures", exact=True).first).to_be_visible()
    expect(page.locator('a[href*="getdbt.com"][href*="/runs/"]').first).to_be_visible()
    window.shoot("checks")


def test_schedule_and_sensors_are_on_from_the_first_start(ui, window):
    page = window.open("/automation")
    started = (
        *("dbt_metadata_schedule", "dagster_run_retention_schedule"),
        *("failed_runs", "sigma_sync_sensor"),
    )
    for name in started:
        expect(page.get_by_text(name)).to_be_visible()
    switches = page.locator('[class*="formatSwitch"] input')

    expect(switches).to_have_count(len(started))
    for switch in switches.all():
        expect(switch).to_be_checked()
    window.shoot("automation")


def test_the_sensor_asks_for_a_delivery_after_a_sync_that_found_changes(first_run, window):
    page = window.open(f"{LOCATION}/sensors/sigma_sync_sensor")

    ticks = page.locator("tr").filter(has_text="View logs")

    expect(ticks.filter(has_text="0 runs requested").first).to_be_visible()
    expect(ticks.filter(has_text="1 run requested").first).to_be_visible()
    window.shoot("sensor")


def test_dagster_plots_what_each_sync_did(first_run, ui, window):
    ended = [ui.run("dbt_metadata_sync") for _ in range(2)]
    page = window.open("/assets/sync_loads?view=overview")
    page.get_by_text("Plots", exact=True).click()

    assert ended == ["SUCCESS", "SUCCESS"]
    expect(page.get_by_text("dagster/row_count", exact=True).first).to_be_attached()
    expect(page.locator("canvas").nth(3)).to_be_attached()
    page.get_by_text("Metadata", exact=True).evaluate("it => it.scrollIntoView()")
    window.shoot("plots")
