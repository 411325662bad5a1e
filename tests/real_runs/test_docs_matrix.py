"""What becomes of a changed description, case by case, after real dbt runs.

`first` built the library. Then somebody rewrote nearly every description, switched flags and added
a model: `documented` built that, but left two models out, one failed and one was skipped. `priced`
built a model without making a catalog, `proposed` is a pull request, `reverted` takes a text back.
Sigma is the stand-in; its warehouse shows the comments that dbt's own catalogs show.
"""

from contextlib import contextmanager

import pytest
from msgspec import Struct

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.plot import SUCCESS
from sigma_dbt_sync.demo.runs import Run
from sigma_dbt_sync.demo.services import services
from sigma_dbt_sync.demo.sigma_catalog import Organization, TableComments, WarehouseConnection
from sigma_dbt_sync.demo.sigma_story import sigma_settings
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import open_sigma
from sigma_dbt_sync.sync.deliver import deliver
from sigma_dbt_sync.sync.outbox import Terms
from sigma_dbt_sync.warehouse import open_warehouse
from tests.end_to_end.conftest import NOW
from tests.real_runs.conftest import STORY, Library
from tests.real_runs.record import FOLDER

WAITS, OFF = "waiting_for_build", "not_persisted"
BUILT, SEEN, WRONG = "built", "verified", "mismatch"
SHOWN, TAKEN, OTHER = "confirmed", "accepted", "unconfirmed"

# case: node, column, text now, state after the load, state after the delivery
CASES = {
    "built, and seen": ("readers", "loans", "Loans so far.", SEEN, SHOWN),
    "built, catalog older": ("fees.v1", "fee", "In euros, without tax.", BUILT, SHOWN),
    "not rebuilt": ("branch_loans", "", "What is out, per branch, for everybody.", WAITS, WAITS),
    "failed": ("late_fees", "", "The price of being late.", WAITS, WAITS),
    "skipped": ("fee_report", "", "Income from late loans.", WAITS, WAITS),
    "CI": ("readers", "", "Everybody with a card, for everybody.", None, None),
    "persist_docs off": ("drafts", "", "Somebody may read this.", OFF, OFF),
    "only relation: relation": ("genres", "", "What books are about.", SEEN, TAKEN),
    "only relation: column": ("genres", "genre", "What people call it.", OFF, OFF),
    "only columns: relation": ("shelves", "", "All shelves.", OFF, OFF),
    "only columns: column": ("shelves", "shelf no", "Number on its side.", SEEN, SHOWN),
    "table": ("readers", "", "People with a card, for everybody.", SEEN, TAKEN),
    "view": ("stg_loans", "taken_on", "Day the book was lent.", SEEN, SHOWN),
    "incremental": ("loans", "branch_id", "Branch that lent it.", SEEN, SHOWN),
    "snapshot": ("reader_states", "loans", "Loans at that time.", SEEN, SHOWN),
    "seed": ("branches", "name", "Its name.", SEEN, SHOWN),
    "ephemeral": ("open_loans", "", "Books still out.", OFF, OFF),
    "source": ("desk.loans", "", "Loans as told by the desk, for everybody.", OFF, OFF),
    "cleared, table": ("desks", "", "", SEEN, TAKEN),
    "cleared, view": ("stg_loans", "returned_on", "", SEEN, SHOWN),
    "cleared, incremental": ("loans", "taken_on", "", SEEN, SHOWN),
    "flag switched on": ("visits", "visited_on", "Day of the visit.", SEEN, SHOWN),
    "flag switched off": ("notices", "notice", "What it says.", OFF, OFF),
    "new relation": ("weekdays", "weekday", "Its name.", SEEN, SHOWN),
    "no such column": ("readers", "nickname", "Not in the table.", WRONG, WRONG),
    "annotation in the way": ("desks", "branch_id", "", SEEN, OTHER),
    "text that stayed": ("late_fees", "fee", "In euros.", None, None),
}
SYNCED = {
    *("branches", "desks", "fees_v1", "genres", "loans", "reader_states"),
    *("readers", "shelves", "stg_loans", "visits", "weekdays"),
}
FIRST_GENRES, GENRES = ("genres", "", "Kinds of books."), ("genres", "", "What books are about.")


class WithSigma(Library):
    """The library, and a Sigma that indexed it when it was first built."""

    def __init__(self, folder, server, account, organization):
        super().__init__(folder, server, account)
        self.organization = organization

    def settings(self, **others):
        told = sigma_settings(self.organization, self.server.url) | {"SIGMA_CONNECTION": "Library"}
        return super().settings(**{name.lower(): value for name, value in told.items()} | others)

    def deliver(self):
        """Deliver once; say which tables Sigma synced."""
        before = len(self.organization.syncs)
        settings = self.settings()
        with open_sigma(settings) as client, open_warehouse(settings) as warehouse:
            deliver(
                warehouse,
                client,
                Terms(settings.sigma_connection_of, "built"),
                delivery_id="d",
                clock=lambda: self.now,
                read_back_seconds=0.5,
            )
        return [s.path[-1] for s in self.organization.syncs[before:] if s.level == "table"]

    def states(self):
        """How far each text has come, by node, column and text."""
        found = self.query("SELECT unique_id, column_key, description, state FROM dbt_doc_changes")
        return {(uid.split(".", 2)[2], column, text): state for uid, column, text, state in found}


def comments(run):
    """What the catalog of a run shows, by path."""
    (catalog,) = (
        found
        for step in run.recording.steps
        if "catalog.json" in step.artifacts and (found := run.artifact("catalog.json", step.index))
    )
    return {
        (table.metadata.database, table.metadata.schema, table.metadata.name): TableComments(
            table.metadata.comment, {c.name: c.comment for c in table.columns.values()}
        )
        for table in read_catalog(catalog).relations().values()
    }


class Told(Struct):
    """States and synced tables, stage by stage."""

    loaded: dict
    delivered: dict
    synced: list
    reverted: dict
    synced_then: list


@contextmanager
def indexed_library(folder):
    """Serve a library that Sigma indexed when it was first built; every catalog since holds."""
    account, warehouse = Account([], anchor=NOW), {}
    connection = WarehouseConnection(id="1b", name="Library", information_schema=lambda: warehouse)
    organization = Organization(
        connections=[connection], clock=lambda: library.now, seconds_between_tokens=0.0
    )
    with serve.serving(services(account, organization)) as server:
        library = WithSigma(folder, server, account, organization)
        warehouse |= comments(library.happen("first", hours=9))
        connection.index_everything()
        warehouse |= comments(Run(1, STORY["reverted"], NOW, SUCCESS, folder=FOLDER))
        desks = ("library", "library", "desks")
        connection.annotations[desks, "branch_id"] = "Somebody's own words."
        yield library


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Play everything once, and keep what each stage left."""
    with (
        pytest.MonkeyPatch.context() as patch,
        indexed_library(tmp_path_factory.mktemp("library")) as library,
    ):
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        library.happen("documented", hours=5)
        library.happen("priced", hours=4)
        library.happen("proposed", hours=3)
        library.sync()
        loaded = library.states()
        synced, delivered = library.deliver(), library.states()
        library.happen("reverted", hours=1)
        library.later(hours=1)
        library.sync()
        synced_then = library.deliver()
        yield Told(loaded, delivered, synced, library.states(), synced_then)


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_it(told, case):
    *text, after_load, after_delivery = CASES[case]

    assert told.loaded.get(tuple(text)) == after_load
    assert told.delivered.get(tuple(text)) == after_delivery


def test_exactly_the_changed_tables_are_synced_each_once(told):
    assert sorted(told.synced) == sorted(SYNCED)


def test_a_text_that_comes_back_after_another_was_sent_is_sent_again(told):
    assert told.loaded[GENRES] == SEEN
    assert told.reverted[GENRES] == TAKEN
    assert told.reverted[FIRST_GENRES] == TAKEN
    assert told.synced_then == ["genres"]


def test_a_text_taken_back_before_it_was_sent_asks_for_nothing(tmp_path):
    with indexed_library(tmp_path) as library:
        library.happen("documented", hours=5)
        library.sync()
        library.happen("reverted", hours=1)
        library.later(minutes=15)
        library.sync()
        states, synced = library.states(), library.deliver()

    assert (states[GENRES], states[FIRST_GENRES]) == ("superseded", "superseded")
    assert "genres" not in synced
