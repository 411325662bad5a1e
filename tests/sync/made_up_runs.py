"""Runs of a small project that hypothesis makes up, and an archive that holds them in memory."""

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import strategies as st
from msgspec import structs

from sigma_dbt_sync.artifacts.account import AccountObjects
from sigma_dbt_sync.artifacts.run_entry import Artifact, Step
from tests import builders
from tests.builders import ACCOUNT, data_test, entry, minutes, node, result, timed

ORDERS, CUSTOMERS = "model.shop.orders", "model.shop.customers"
SESSIONS = "source.shop.web.sessions"
RELATIONS = (ORDERS, CUSTOMERS, SESSIONS)
TESTS = ("test.shop.one", "test.shop.two", "test.shop.three.0123456789")
BUILD, FRESHNESS = 5, 4
_STATUSES = {"success": 4, "error": 2, "warn": 1, "skipped": 2, "no-op": 1, "half done": 1}
_FOUND = {"pass": 5, "fail": 3, "warn": 2, "error": 1, "skipped": 1}
_FRESH = {"pass": 3, "warn": 1, "error": 1}
LONG = timedelta(days=20).total_seconds() / 60
"""Two of these, and a variant has expired."""


def _often(weights):
    return st.sampled_from([value for value, times in weights.items() for _ in range(times)])


@dataclass
class Shelf:
    """Fulfils what `sync.load` asks of an archive."""

    account_id: int = ACCOUNT
    blobs: dict[str, bytes] = field(default_factory=dict)
    shown: dict[int, str] = field(default_factory=dict)
    kept: dict[str, object] = field(default_factory=dict)
    notes: dict[str, bytes] = field(default_factory=dict)

    def show(self, run) -> None:
        """Let a run appear, or appear with other artifacts."""
        sha256 = f"{run.run.id}-{len(run.artifacts)}"
        self.kept[sha256] = run
        self.shown[run.run.id] = sha256

    def entries(self):
        return {run_id: Ref(run_id, sha256) for run_id, sha256 in self.shown.items()}

    def read_entry(self, ref):
        return self.kept[ref.sha256]

    def read_account_objects(self):
        return AccountObjects()

    def read_blob(self, sha256):
        return self.blobs[sha256]

    def read_note(self, name):
        return self.notes.get(name)

    def write_note(self, name, content):
        self.notes[name] = content


@dataclass(frozen=True)
class Ref:
    run_id: int
    sha256: str


@st.composite
def manifests(draw):
    """A project with some of the relations and tests; a test may judge one, several or none."""
    owner = draw(st.sampled_from(["ann@shop.example", "bob@shop.example"]))
    found = [
        node(uid, config={"meta": {"owner": owner}})
        for uid in RELATIONS
        if draw(st.integers(0, 4)) or uid == SESSIONS
    ]
    for uid in TESTS:
        if not draw(st.integers(0, 2)):
            continue
        reads = tuple(draw(st.lists(st.sampled_from(RELATIONS), unique=True, max_size=2)))
        reads = reads if draw(st.integers(0, 3)) else (ORDERS,)
        on = reads[0] if reads and draw(st.booleans()) else None
        name = uid.removeprefix("test.shop.")
        generic = {} if on else {"test_metadata": None}
        found.append(
            data_test(name, on=on, reads=reads, **generic) | {"name": name.partition(".")[0]}
        )
    return builders.manifest(*found)


def judging(*relations):
    """A project whose only test judges these relations."""
    tests = [data_test("one", on=None, reads=relations, test_metadata=None)] if relations else []
    return builders.manifest(*map(node, RELATIONS), *tests)


@st.composite
def stories(draw, *, restless=False):
    """Some runs, the artifacts they name, and the order and pieces in which they arrive.

    In a restless story two variants of the project, weeks apart, disagree about its only test.
    """
    shelf = Shelf()
    projects = (
        [judging(), judging(ORDERS), judging(CUSTOMERS)]
        if restless
        else draw(st.lists(manifests(), min_size=1, max_size=3))
    )
    shelf.blobs |= {f"manifest-{index}": data for index, data in enumerate(projects)}
    runs = [
        draw(_run(run_id, shelf, len(projects), restless))
        for run_id in range(1, draw(st.integers(1, 7)) + 1)
    ]
    order = list(draw(st.permutations(runs)) if draw(st.booleans()) else runs)
    arrivals = []
    for run in order:
        if draw(st.integers(0, 4)) == 4 and run.artifacts:
            arrivals.append(structs.replace(run, artifacts=run.artifacts[1:]))
            order.append(run)
        else:
            arrivals.append(run)
    pieces = []
    while arrivals:
        size = draw(st.integers(1, 3))
        pieces.append(arrivals[:size])
        arrivals = arrivals[size:]
    return shelf, runs, pieces


def short_run(run_id, shelf, began, *, variant="", project=None, fails_at=None):
    """One run, that may bring a manifest and a failure of the only test, in minutes after noon."""
    artifacts = []
    if project is not None:
        sha256 = f"manifest-{hash(project)}"
        shelf.blobs[sha256] = project
        artifacts.append(Artifact(step_index=BUILD, kind="manifest", state="found", sha256=sha256))
    if fails_at is not None:
        sha256 = f"results-{run_id}"
        failure = result(TESTS[0], "fail", timing=timed(minutes(fails_at).isoformat()))
        shelf.blobs[sha256] = builders.run_results(failure, invocation=f"build-{run_id}")
        artifacts.append(
            Artifact(step_index=BUILD, kind="run_results", state="found", sha256=sha256)
        )
    return entry(
        id=run_id,
        variant=variant,
        started_at=minutes(began),
        finished_at=minutes(began + 7),
        artifacts=tuple(artifacts),
    )


@st.composite
def _run(draw, run_id, shelf, projects, restless):
    variant = draw(st.sampled_from(["nightly", ""] if restless else ["", "", "nightly"]))
    gaps = [0, 0, 1, 2] if restless else [0, 0, 0, 0, 2]
    began = draw(st.integers(0, 12)) + LONG * draw(st.sampled_from(gaps))

    def at(latest=6):
        return minutes(began + draw(st.integers(0, latest))).isoformat()

    built = [
        result(uid, draw(_often(_STATUSES)), timing=timed(at()), message="Got 'secret'.")
        for uid in (ORDERS, CUSTOMERS)
        if not restless and draw(st.integers(0, 2))
    ]
    tested = [
        result(uid, draw(_often(_FOUND)), timing=timed(at()), failures=draw(st.integers(0, 2)))
        for uid in TESTS[: 1 if restless else None]
        if draw(st.integers(0, 2))
    ]
    checked = [{"unique_id": SESSIONS, "status": draw(_often(_FRESH)), "snapshotted_at": at()}]
    artifacts = []
    if draw(st.integers(0, 5)):
        sha256 = f"manifest-{draw(st.integers(0, projects - 1))}"
        artifacts.append(("manifest", BUILD, sha256))
    if built or tested:
        shelf.blobs[f"results-{run_id}"] = builders.run_results(
            *built, *tested, invocation=f"build-{run_id}"
        )
        artifacts.append(("run_results", BUILD, f"results-{run_id}"))
    if draw(st.integers(0, 2)) == 0:
        shelf.blobs[f"sources-{run_id}"] = builders.sources(
            *checked, invocation=f"freshness-{run_id}"
        )
        artifacts.append(("sources", FRESHNESS, f"sources-{run_id}"))
    return entry(
        id=run_id,
        job_id=draw(st.sampled_from([7000, 7001])),
        variant=variant,
        status=draw(st.sampled_from([10, 10, 20, 30])),
        created_at=minutes(began - 1),
        started_at=minutes(began),
        finished_at=minutes(began + 7),
        steps=(
            Step(index=FRESHNESS, name="Invoke dbt with `dbt source freshness`"),
            Step(index=BUILD, name="Invoke dbt with `dbt build`"),
        ),
        artifacts=tuple(
            Artifact(step_index=step, kind=kind, state="found", sha256=sha256)
            for kind, step, sha256 in artifacts
        ),
    )
