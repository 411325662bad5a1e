"""From a description in a dbt project to Sigma: the demo account, both services over HTTP."""

import pytest
import stamina

from sigma_dbt_sync.demo import serve, sigma_story
from sigma_dbt_sync.demo.account import ACCOUNT_ID, Account
from sigma_dbt_sync.demo.faults import Fault
from sigma_dbt_sync.demo.services import services
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.errors import ServiceError
from sigma_dbt_sync.sync import deliver_after_sync, run_delivery
from tests.end_to_end.conftest import NOW, Deployment

CHANGED = ["shop.analytics.customers", "shop.analytics.stg_orders"]


class WithSigma(Deployment):
    """A deployment whose Sigma knows the warehouse as it was before the descriptions changed."""

    def __init__(self, folder, server, account, organization):
        super().__init__(folder, server, account)
        self.organization = organization

    def settings(self, **others):
        told = sigma_story.sigma_settings(self.organization, self.server.url)
        return super().settings(**{name.lower(): value for name, value in told.items()} | others)

    def deliver(self, **settings):
        return run_delivery(self.settings(**settings), clock=lambda: self.now)

    def synced(self):
        return sorted(".".join(s.path) for s in self.organization.syncs if s.level == "table")

    def changes(self, **where):
        found = self.query(
            "SELECT unique_id, column_key, state FROM dbt_doc_changes "
            "WHERE state <> 'baseline' ORDER BY ALL",
            **where,
        )
        return {(unique_id, column): state for unique_id, column, state in found}


@pytest.fixture
def deployment(tmp_path):
    account = Account(read_story(), anchor=NOW)
    organization = sigma_story.organization(account, lambda: made.now)
    organization.seconds_between_tokens = 0.0
    with serve.serving(services(account, organization)) as server:
        made = WithSigma(tmp_path, server, account, organization)
        yield made


def test_exactly_the_tables_whose_docs_changed_are_synced_and_confirmed(deployment):
    deployment.sync()
    report = deployment.deliver()

    assert deployment.synced() == CHANGED
    assert {one.outcome.state for one in report.synced} == {"confirmed"}
    sent = {key: state for key, state in deployment.changes().items() if state != "not_persisted"}
    assert {unique_id for unique_id, _ in sent} == {
        "model.shop.customers.v2",
        "model.shop.stg_orders",
    }
    assert set(sent.values()) == {"confirmed", "accepted"}


def test_a_second_sync_sends_none(deployment):
    deployment.sync()
    deployment.deliver()
    deployment.sync()

    assert deployment.deliver().tables == []
    assert deployment.synced() == CHANGED


def test_a_rebuild_sends_none_and_keeps_the_audit(deployment):
    deployment.sync()
    deployment.deliver()
    before = deployment.changes()
    deployment.sync(rebuild=True)

    assert deployment.deliver().tables == []
    assert deployment.changes() == before
    assert deployment.query("SELECT count(*) FROM sigma_table_syncs") == [(2,)]


def test_a_second_target_of_the_same_archive_sends_none(deployment):
    deployment.sync()
    other = deployment.folder / "other.duckdb"
    deployment.sync(duckdb_path=other)

    assert deployment.deliver(duckdb_path=other).tables == []
    assert deployment.query("SELECT count(*) FROM dbt_doc_baselines", path=other) == [(1,)]


def test_a_deleted_database_sends_none(deployment):
    deployment.sync()
    deployment.deliver()
    (deployment.folder / "warehouse.duckdb").unlink()
    deployment.sync()

    assert deployment.deliver().tables == []
    assert deployment.synced() == CHANGED


def test_three_days_without_sigma_and_then_everything_arrives_without_a_new_run(deployment):
    deployment.server.faults.append(Fault("^/v2/", status=503, times=1_000_000))
    with stamina.set_testing(testing=True, attempts=1):
        for _ in range(3 * 8):
            deployment.sync()
            with pytest.raises(ServiceError, match="Sigma"):
                deployment.deliver()
            deployment.later(hours=3)
    deployment.server.faults.clear()
    report = deployment.deliver()

    assert deployment.synced() == CHANGED
    assert (len(report.synced), report.remaining) == (2, 0)
    assert deployment.deliver().tables == []


def test_sigma_that_was_not_set_up_gets_everything_once_it_is(deployment):
    deployment.sync(sigma_client_secret=None)
    deployment.later(days=2)
    deployment.deliver()

    assert deployment.synced() == CHANGED


def test_after_a_sync_without_news_the_warehouse_is_not_opened_to_find_nothing(deployment):
    settings = deployment.settings()
    target = deployment.sync().loaded.target
    first = deliver_after_sync(settings, ACCOUNT_ID, target, clock=lambda: deployment.now)
    deployment.sync()
    (deployment.folder / "warehouse.duckdb").chmod(0)
    second = deliver_after_sync(settings, ACCOUNT_ID, target, clock=lambda: deployment.now)

    assert len(first.synced) == 2
    assert second is None
