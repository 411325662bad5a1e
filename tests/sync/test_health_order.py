"""Many made-up stories, folded without a warehouse.

The last change says how healthy a relation is now, and no order of arrival leaves a trace.
"""

from collections import defaultdict
from operator import attrgetter

from hypothesis import given, settings

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.node_status import Compiled, Observations, fold
from sigma_dbt_sync.normalize.project import project_in_force
from sigma_dbt_sync.normalize.run_facts import run_facts
from sigma_dbt_sync.normalize.tests import test_target_rows as target_rows
from sigma_dbt_sync.normalize.versions import VARIANT_LIFETIME
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.health import plan_health
from sigma_dbt_sync.sync.history import Environment, moments_of
from sigma_dbt_sync.tables.health import DBT_HEALTH_CHANGES, DBT_HEALTH_INPUTS
from sigma_dbt_sync.tables.ledger import SYNC_ARTIFACTS
from sigma_dbt_sync.tables.results import DBT_NODE_EXECUTIONS, DBT_SOURCE_FRESHNESS
from sigma_dbt_sync.tables.runs import DBT_RUN_STEPS, DBT_RUNS
from tests.builders import ACCOUNT, ENVIRONMENT, PROJECT
from tests.sync.made_up_runs import (
    CUSTOMERS,
    LONG,
    ORDERS,
    RELATIONS,
    Shelf,
    judging,
    short_run,
    stories,
)


class Tables:
    """Keeps rows as a warehouse does, and answers what `Present` does."""

    account_id = ACCOUNT

    def __init__(self, shelf):
        self.shelf = shelf
        self.rows = defaultdict(dict)
        self.status = {}

    def load(self, runs):
        ordered = sorted(runs.values(), key=lambda run: (run.run.started_at, run.run.id))
        facts = [run_facts(run, "", self.shelf.read_blob, self.read_manifest) for run in ordered]
        stored = moments_of(self.all(SYNC_ARTIFACTS))
        environment = Environment(ACCOUNT, PROJECT, ENVIRONMENT)
        archived = Archived(self.shelf.read_blob, self.read_manifest, runs.keys() | self.run_ids())
        changes = plan_health(environment, stored, facts, self.status, self, archived)
        self.status |= fold(self.status, _observations(facts), lambda ids: self.history(0, ids))
        for run in facts:
            self.replace_run(run)
        for change in changes:
            self.apply(change)

    def run_ids(self):
        return {run.run_id for run in self.all(DBT_RUNS)}

    def replace_run(self, run):
        run_id = run.context.run_id
        for table, rows in {
            DBT_NODE_EXECUTIONS: run.executions,
            DBT_SOURCE_FRESHNESS: run.freshness,
            SYNC_ARTIFACTS: run.artifacts,
            DBT_RUNS: [run.run],
            DBT_RUN_STEPS: run.steps,
        }.items():
            self.rows[table] = {
                key: row for key, row in self.rows[table].items() if row.run_id != run_id
            }
            self.rows[table] |= {attrgetter(*table.key)(row): row for row in rows}

    def apply(self, change):
        assert change.doubled_key() is None
        present = self.rows[change.table]
        if change.replaces:
            for key, row in list(present.items()):
                if all(getattr(row, name) in found for name, found in change.replaces.items()):
                    del present[key]
        present |= {attrgetter(*change.table.key)(row): row for row in change.rows}

    def all(self, table):
        return list(self.rows[table].values())

    def read_manifest(self, sha256):
        return Manifest(self.shelf.read_blob(sha256))

    def nodes(self, table, key, environment_id, ids):
        return [row for row in self.all(table) if getattr(row, key) in set(ids)]

    def history(self, environment_id, unique_ids):
        runs = {row.run_id: row for row in self.all(DBT_RUNS)}
        return [
            (row, runs[row.run_id].variant)
            for row in self.all(DBT_NODE_EXECUTIONS)
            if row.unique_id in unique_ids and row.feeds_state
        ]

    def newest_health_inputs(self, environment_id):
        ordered = sorted(self.all(DBT_HEALTH_INPUTS), key=attrgetter("valid_from", "run_id"))
        return list({(r.variant, r.unique_id, r.input_unique_id): r for r in ordered}.values())

    def health_now(self):
        """Judge what is in the project now by where nodes stand now, as dbt_tab does."""
        newest = {}
        for moment in sorted(moments_of(self.all(SYNC_ARTIFACTS)), key=_age):
            newest[moment.variant] = moment
        ordered = sorted(newest.values(), key=_age, reverse=True)
        if not ordered:
            return {}
        oldest = ordered[0].started_at - VARIANT_LIFETIME
        project = project_in_force(
            [(m.variant, self.read_manifest(m.sha256)) for m in ordered if m.started_at >= oldest],
            built_by=lambda uid: uid in self.status and self.status[uid].ok_variant,
            account_id=ACCOUNT,
            project_id=PROJECT,
            environment_id=ENVIRONMENT,
            catalog={},
        )
        judges = defaultdict(set)
        for row in target_rows(project):
            if row.role == "tested":
                judges[row.target_unique_id].add(row.test_unique_id)
        return {uid: self._judge(uid, judges[uid]) for uid in RELATIONS if uid in project.nodes}

    def _judge(self, uid, tests):
        of_tests = [self.status[test].attempt_status_group for test in tests if test in self.status]
        row = self.status.get(uid)
        own, fresh = (row.attempt_status_group, row.freshness_status_group) if row else (None, None)
        if "bad" in (own, fresh, *of_tests):
            return "failing"
        skipped = row and row.latest_status_group == "skipped"
        if skipped and (row.ok_at is None or row.latest_at > row.ok_at):
            return "warning"
        if "warn" in (own, fresh, *of_tests) or own == "other":
            return "warning"
        return "unknown" if own is None and fresh is None and "ok" not in of_tests else "healthy"


def _age(moment):
    return moment.started_at, moment.run_id, moment.step_index


def _observations(facts):
    return Observations(
        account_id=ACCOUNT,
        project_id=PROJECT,
        environment_id=ENVIRONMENT,
        executions=[row for run in facts for row in run.executions],
        freshness=[row for run in facts for row in run.freshness],
        compiled=list[Compiled](),
        seen={},
        variants={run.context.run_id: run.context.variant for run in facts},
    )


def told(loaded):
    changes = {row.unique_id: row for row in sorted(loaded.all(DBT_HEALTH_CHANGES), key=_when)}
    return {uid: changes[uid].to_health if uid in changes else "unknown" for uid in RELATIONS}


def _when(row):
    return row.changed_at, row.run_id, row.step_index


@settings(max_examples=250, deadline=None)
@given(stories() | stories(restless=True))
def test_the_last_change_says_how_healthy_a_relation_is(story):
    shelf, _, pieces = story
    loaded = Tables(shelf)
    for piece in pieces:
        loaded.load({run.run.id: run for run in piece})
        expected = dict.fromkeys(RELATIONS, "unknown") | loaded.health_now()
        assert told(loaded) == expected


@settings(max_examples=250, deadline=None)
@given(stories() | stories(restless=True))
def test_batches_and_their_order_leave_no_trace(story):
    shelf, runs, pieces = story
    bit_by_bit, at_once = Tables(shelf), Tables(shelf)
    for piece in pieces:
        bit_by_bit.load({run.run.id: run for run in piece})
    at_once.load({run.run.id: run for run in runs})
    for table in (DBT_HEALTH_INPUTS, DBT_HEALTH_CHANGES):
        assert bit_by_bit.rows[table] == at_once.rows[table]


def both_ways(shelf, runs):
    """Load the runs one by one, and all at once; say which relation turned to what, and when."""
    one_by_one, at_once = Tables(shelf), Tables(shelf)
    for one in runs:
        one_by_one.load({one.run.id: one})
    at_once.load({one.run.id: one for one in runs})
    return tuple(
        [
            (row.unique_id, row.to_health, row.run_id)
            for row in sorted(loaded.all(DBT_HEALTH_CHANGES), key=_when)
        ]
        for loaded in (one_by_one, at_once)
    )


def test_a_late_result_counts_for_what_the_newest_variant_judged_then():
    shelf = Shelf()
    one_by_one, at_once = both_ways(
        shelf,
        [
            short_run(1, shelf, 0, variant="a", project=judging(ORDERS)),
            short_run(2, shelf, 5, variant="b", project=judging(CUSTOMERS)),
            short_run(3, shelf, 10, variant="a", project=judging(ORDERS)),
            short_run(4, shelf, 6, variant="b", fails_at=7),
        ],
    )
    assert at_once == [
        (CUSTOMERS, "failing", 4),
        (CUSTOMERS, "unknown", 3),
        (ORDERS, "failing", 3),
    ]
    assert sorted(one_by_one) == sorted(at_once)


def test_a_late_manifest_keeps_its_variant_from_having_expired():
    shelf = Shelf()
    runs = [
        short_run(1, shelf, 0, variant="b", project=judging()),
        short_run(2, shelf, 1, variant="a", project=judging(ORDERS), fails_at=2),
        short_run(3, shelf, 2 * LONG, variant="b", project=judging()),
    ]
    late = short_run(4, shelf, LONG, variant="a", project=judging(ORDERS))
    failing, gone = (ORDERS, "failing", 2), (ORDERS, "unknown", 3)
    assert both_ways(shelf, runs) == ([failing, gone], [failing, gone])
    assert both_ways(shelf, [*runs, late]) == ([failing], [failing])
