"""Whatever is written, built, seen and sent, and in whatever order it is loaded.

The last text always reaches Sigma, no text twice in a row, and a rebuild knows what a sync knew.
"""

from datetime import timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec import structs

from sigma_dbt_sync.docs_diff.advance import Build, Facts
from sigma_dbt_sync.docs_diff.carry import carry_on
from sigma_dbt_sync.docs_diff.comments import Evidence, TableComments
from sigma_dbt_sync.docs_diff.events import doc_changes, docs_in_force
from sigma_dbt_sync.docs_diff.ready import ready
from sigma_dbt_sync.normalize.versions import Chain
from tests.builders import NOON, project
from tests.docs_diff.made import moment, orders

TEXTS = ["", "A", "B"]
NAMES = ['"one"', '"two"']


class World:
    """One model with a column, the dbt runs that build it, a warehouse, a deployment and Sigma."""

    def __init__(self):
        self.clock = 0
        self.code = {"text": "A", "column": "A", "flag": True, "name": NAMES[0]}
        self.running = []
        self.loaded = []  # (start, run_id, code)
        self.builds = []
        self.comments = {}  # by relation and column: what the warehouse holds
        self.evidence = None
        self.rows = {}
        self.baseline_at = None
        self.sigma = {}  # by relation and column: the last text it was told
        self.sent = []
        self.snapshot = []

    def now(self):
        return NOON + timedelta(minutes=self.clock)

    def tick(self):
        self.clock += 1

    def start(self):
        self.running.append((self.clock, dict(self.code)))

    def finish(self, index, *, builds=True):
        start, code = self.running.pop(index % len(self.running))
        self.loaded.append((start, start, code))
        if builds:
            self.builds.append(
                Build(
                    completed_at=self.now(),
                    run_id=start,
                    run_started_at=NOON + timedelta(minutes=start),
                    variant="",
                )
            )
            for key, text in (("", code["text"]), ("id", code["column"])):
                self.comments[code["name"], key] = text if code["flag"] else None
        if self.baseline_at is None:
            self.baseline_at = NOON + timedelta(minutes=start)
            for key, text in (("", code["text"]), ("id", code["column"])):
                if code["flag"]:
                    self.sigma[code["name"], key] = text
        self.load()

    def overwrite(self, text):
        for place in self.comments:
            self.comments[place] = text

    def catalog(self):
        name = self.loaded[-1][2]["name"]
        table = TableComments(
            self.comments.get((name, "")), {"id": self.comments.get((name, "id"))}
        )
        self.evidence = Evidence(seen_at=self.now(), by="catalog", table=table)
        self.load()

    def derived(self, runs, rows, *, is_complete=True):
        """Make the rows that a warehouse with these runs and rows should hold."""
        chain = Chain()
        for start, run_id, code in sorted(runs, key=lambda run: run[0]):
            texts = {} if code["column"] is None else {"id": code["column"]}
            config = {"persist_docs": {"relation": code["flag"], "columns": code["flag"]}}
            made = orders(code["text"], texts, config=config, relation_name=code["name"])
            chain.extend(moment(start, run_id=run_id), project(made))
        first = NOON + timedelta(minutes=min(start for start, _, _ in runs))
        last = NOON + timedelta(minutes=max(start for start, _, _ in runs))
        built = [b for b in self.builds if b.run_id in {run_id for _, run_id, _ in runs}]
        known = Facts(
            baseline_at=self.baseline_at,
            docs=docs_in_force(chain.nodes, chain.columns),
            last_build=max(built, key=lambda b: (b.completed_at, b.run_id), default=None),
            builds=built,
            evidence=self.evidence,
            is_complete=is_complete,
        )
        found = doc_changes(
            chain.nodes, chain.columns, first_seen_at=first, first_manifest_at=first
        )
        after = carry_on(found, rows, known, known_until=last)
        return {row.change_id: row for row in after}

    def load(self):
        if self.loaded:
            self.rows = self.derived(self.loaded, self.rows.values())

    def take(self):
        """A delivery begins: what it is going to send is chosen now."""
        self.snapshot = list(ready(self.rows.values(), when="built", now=self.now()))

    def deliver(self, outcome):
        """It ends: Sigma has synced the tables, or has not."""
        for row in self.snapshot:
            if row.change_id not in self.rows:
                continue
            is_sent = outcome != "failed"
            stored = self.rows[row.change_id]
            self.rows[row.change_id] = structs.replace(
                stored,
                state=outcome,
                sync_request_id="r",
                sent_at=self.now() if is_sent else stored.sent_at,
                settled_at=self.now(),
            )
            if is_sent:
                place = (row.relation_name, row.column_key)
                self.sent.append((*place, row.description))
                self.sigma[place] = row.description
        self.snapshot = []


ACTS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(["text", "column"]), st.sampled_from(TEXTS)),
    st.tuples(st.just("write"), st.just("column"), st.just(None)),
    st.tuples(st.just("write"), st.just("flag"), st.booleans()),
    st.tuples(st.just("write"), st.just("name"), st.sampled_from(NAMES)),
    st.tuples(st.just("start")),
    st.tuples(st.just("finish"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("catalog")),
    st.tuples(st.just("overwrite"), st.sampled_from([None, "C"])),
    st.tuples(st.just("take")),
    st.tuples(st.just("deliver"), st.sampled_from(["confirmed", "unconfirmed", "failed"])),
)


def played(acts):
    world = World()
    world.start()
    world.tick()
    world.finish(0)
    for act, *how in acts:
        world.tick()
        match act:
            case "write":
                world.code[how[0]] = how[1]
            case "start":
                world.start()
            case "finish" if world.running:
                world.finish(how[0], builds=how[1])
            case "catalog":
                world.catalog()
            case "overwrite":
                world.overwrite(how[0])
            case "take":
                world.take()
            case "deliver":
                world.deliver(how[0])
    return world


def come_to_rest(world):
    """Everything running ends, the newest code is built, and all that may be sent is sent."""
    world.deliver("confirmed")
    while world.running:
        world.tick()
        world.finish(0)
    world.tick()
    world.start()
    world.tick()
    world.finish(0)
    for _ in range(2):
        world.tick()
        world.take()
        world.deliver("confirmed")
        world.load()


@settings(max_examples=600, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_the_last_text_is_never_lost(acts):
    world = played(acts)
    come_to_rest(world)
    event(f"{len(world.sent)} texts sent")
    failed = {
        (row.relation_name, row.column_key) for row in world.rows.values() if row.state == "failed"
    }
    if world.code["flag"]:
        for key, text in (("", world.code["text"]), ("id", world.code["column"])):
            place = world.code["name"], key
            if place not in failed:
                assert (world.sigma.get(place) or "") == (text or "")


@settings(max_examples=600, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_no_text_is_sent_twice_in_a_row(acts):
    world = played(acts)
    come_to_rest(world)
    last = {}
    for relation_name, column_key, text in world.sent:
        assert last.get(column_key) != (relation_name, text)
        last[column_key] = (relation_name, text)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_how_far_texts_have_come_does_not_depend_on_when_they_were_loaded(acts):
    """Unless something was sent in between: a warehouse loaded only now finds the same."""
    world = played([act for act in acts if act[0] not in ("take", "deliver")])
    assert world.derived(world.loaded, []) == world.rows


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTS, max_size=25), st.integers(1, 3))
def test_a_rebuild_keeps_what_was_sent_and_opens_nothing(acts, size):
    world = played(acts)
    come_to_rest(world)
    rows = dict(world.rows)
    ordered = sorted(world.loaded)
    for end in range(size, len(ordered) + size, size):
        rows = world.derived(ordered[:end], rows.values(), is_complete=end >= len(ordered))
        assert not list(ready(rows.values(), when="built", now=world.now()))
    assert rows == world.rows
