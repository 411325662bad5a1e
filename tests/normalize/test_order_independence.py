"""However runs are cut into batches, and in whatever order these arrive, the rows are the same.

A rebuild loads everything at once; syncs load it in pieces; a late artifact comes last.
"""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from sigma_dbt_sync.normalize.node_status import Compiled, Observations, fold
from sigma_dbt_sync.tables.results import SourceFreshnessRow
from tests.builders import NOON, execution

NODES = ("model.shop.orders", "test.shop.unique_orders_id")
SESSIONS = "source.shop.web.sessions"
STATUSES = {
    "success": "ok",
    "pass": "ok",
    "no-op": "ok",
    "warn": "warn",
    "error": "bad",
    "fail": "bad",
    "skipped": "skipped",
    "half done": "other",
}


def check(run_id: int, at: int, status: str) -> SourceFreshnessRow:
    made = dict.fromkeys(SourceFreshnessRow.__struct_fields__) | {
        "account_id": 7,
        "environment_id": 700,
        "unique_id": SESSIONS,
        "run_id": run_id,
        "step_index": 3,
        "feeds_state": True,
        "status": status,
        "status_group": STATUSES[status],
        "snapshotted_at": NOON + timedelta(minutes=at),
        "relation_name": None if at % 2 else f'"s{at}"',
    }
    return SourceFreshnessRow(**made)


@st.composite
def told(draw, run_id: int):
    """What one run tells: results at any time, some at the same moment as other runs'."""
    executions = [
        execution(
            status,
            draw(st.integers(0, 6)),
            group=STATUSES[status],
            unique_id=unique_id,
            run_id=run_id,
            step_index=draw(st.integers(1, 3)),
            relation_name=draw(st.sampled_from([None, '"a"', '"b"'])),
            feeds_state=draw(st.integers(0, 5)) > 0,
        )
        for unique_id in NODES
        for status in draw(st.lists(st.sampled_from(sorted(STATUSES)), max_size=1))
    ]
    started = NOON + timedelta(minutes=draw(st.integers(0, 6)))
    codes = draw(st.lists(st.sampled_from(["c1", "c2"]), max_size=1))
    compiled = [
        Compiled(
            unique_id=NODES[0],
            code_hash=f"{code}-{run_id}",
            run_started_at=started,
            run_id=run_id,
            step_index=4,
        )
        for code in codes
    ]
    freshness = [
        check(run_id, draw(st.integers(0, 6)), status)
        for status in draw(st.lists(st.sampled_from(["pass", "warn", "error"]), max_size=1))
    ]
    return Observations(
        account_id=7,
        project_id=70,
        environment_id=700,
        executions=executions,
        freshness=freshness,
        compiled=compiled,
        seen=dict.fromkeys(draw(st.lists(st.sampled_from([*NODES, SESSIONS]))), started),
        variants={run_id: f"variant-{run_id % 2}"},
    )


@st.composite
def arrivals(draw):
    """Some runs, and the batches in which they arrive; a run may be loaded again."""
    count = draw(st.integers(1, 6))
    runs = [draw(told(run_id)) for run_id in range(1, count + 1)]
    again = draw(st.lists(st.sampled_from(runs), max_size=2))
    order = draw(st.permutations(range(count))), draw(st.lists(st.integers(0, 3), min_size=count))
    batches: dict[int, list[Observations]] = {}
    for position, index in enumerate(order[0]):
        batches.setdefault(order[1][position], []).append(runs[index])
    return runs, [*batches.values(), *([one] for one in again)]


def together(runs):
    seen = {}
    for run in runs:
        for unique_id, moment in run.seen.items():
            seen[unique_id] = min(moment, seen.get(unique_id, moment))
    return structs.replace(
        runs[0],
        executions=[one for run in runs for one in run.executions],
        freshness=[one for run in runs for one in run.freshness],
        compiled=[one for run in runs for one in run.compiled],
        seen=seen,
        variants={run_id: variant for run in runs for run_id, variant in run.variants.items()},
    )


class Warehouse:
    """Keeps rows, and the executions that feed state, as the real ones do."""

    def __init__(self):
        self.rows = {}
        self.stored = {}
        self.variants = {}

    def load(self, runs):
        news = together(runs)
        self.rows |= fold(self.rows, news, self.history)
        self.variants |= news.variants
        for one in news.executions:
            self.stored[one.run_id, one.unique_id] = one

    def history(self, unique_ids):
        return [
            (one, self.variants[one.run_id])
            for one in self.stored.values()
            if one.unique_id in unique_ids and one.feeds_state
        ]


@settings(max_examples=400, deadline=None)
@given(arrivals())
def test_batches_and_their_order_leave_no_trace(made):
    runs, batches = made
    rebuilt, synced = Warehouse(), Warehouse()
    rebuilt.load(runs)
    for batch in batches:
        synced.load(batch)

    assert synced.rows == rebuilt.rows


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, unique=True).flatmap(
        lambda ids: st.tuples(*map(told, ids))
    )
)
def test_loading_a_batch_twice_changes_nothing(runs):
    warehouse = Warehouse()
    warehouse.load(runs)
    before = dict(warehouse.rows)
    warehouse.load(runs)

    assert warehouse.rows == before
