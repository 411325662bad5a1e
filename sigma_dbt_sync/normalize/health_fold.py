"""A relation's health through time, folded from results and manifests in the order of events.

Within a run health may change back and forth: only what it was before the run and what it is after
it makes a row. Runs whose changes of one relation interleave count as one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, structs

from sigma_dbt_sync.normalize.health import (
    HEALTHY,
    NOTHING,
    UNKNOWN,
    Evidence,
    Order,
    Reason,
    Standing,
    health,
    reason,
)
from sigma_dbt_sync.normalize.health_inputs import Told, told
from sigma_dbt_sync.normalize.versions import REMOVED
from sigma_dbt_sync.tables.health import HealthInputRow


class Result(Struct, frozen=True, gc=False):
    """What a node's results, or a source's freshness checks, amount to from now on."""

    order: Order
    unique_id: str
    standing: Standing
    variant: str
    is_freshness: bool = False


class Definitions(Struct, frozen=True):
    """What a manifest changed, and which variants decide from now on, newest first."""

    order: Order
    variant: str
    rows: Sequence[HealthInputRow]
    in_force: tuple[str, ...]


Event = Result | Definitions
_UNEXPLAINED = Reason("")


class Change(Struct, frozen=True, kw_only=True):
    """One change of a relation's health."""

    unique_id: str
    order: Order
    before: str
    after: str
    reason: Reason
    is_by_project: bool
    """Whether a manifest brought it, not a result."""
    told: Told


class State:
    """What is known of some relations and of all that decides their health."""

    def __init__(
        self,
        rows: Iterable[HealthInputRow] = (),
        in_force: tuple[str, ...] = (),
        results: Mapping[str, Standing] | None = None,
        freshness: Mapping[str, Standing] | None = None,
    ) -> None:
        """Begin where the newest input rows and standings end; with none, at the beginning."""
        self.results = dict(results or {})
        self.freshness = dict(freshness or {})
        self.told: dict[str, dict[str, Told]] = {}
        self._in_force = in_force
        self._judged: dict[str, dict[str, frozenset[str]]] = {}
        self._relations: dict[str, set[str]] = {}
        self._judged_now: dict[str, frozenset[str]] = {}
        self._tests: defaultdict[str, set[str]] = defaultdict(set)
        self.define(rows, in_force)

    def define(self, rows: Iterable[HealthInputRow], in_force: tuple[str, ...]) -> set[str]:
        """Take a manifest's changes into account; return the relations they concern."""
        concerned: set[str] = set()
        tests: set[str] = set()
        for row in rows:
            if row.unique_id == row.input_unique_id:
                self._define_relation(row)
                concerned.add(row.unique_id)
            if row.unique_id != row.input_unique_id or _is_test(row.unique_id):
                self._define_test(row)
                tests.add(row.input_unique_id)
        if in_force != self._in_force:
            there = {relation: self.exists(relation) for relation in self._relations}
            self._in_force = in_force
            tests |= self._judged.keys()
            concerned |= {uid for uid, before in there.items() if self.exists(uid) != before}
        for test in tests:
            concerned |= self._decide(test)
        return concerned

    def passed(self, test: str) -> AbstractSet[str]:
        """Let the variant that passed a test decide what it judges; return what that changes."""
        return self._decide(test) if len(self._in_force) > 1 else frozenset()

    def _decide(self, test: str) -> AbstractSet[str]:
        """Find out what a test judges now; return what it did not judge before, or does no more."""
        before = self._judged_now.get(test, frozenset())
        now = self._judged_by(test)
        if now != before:
            self._judged_now[test] = now
            for relation in before - now:
                self._tests[relation].discard(test)
            for relation in now - before:
                self._tests[relation].add(test)
        return before ^ now

    def judged(self, unique_id: str) -> AbstractSet[str]:
        """Name the relations whose health a node's results decide."""
        found = self._judged_now.get(unique_id)
        return {unique_id} if found is None else found

    def exists(self, relation: str) -> bool:
        """Whether the project has the relation."""
        return not self._relations.get(relation, set()).isdisjoint(self._in_force)

    def evidence(self, relation: str) -> Evidence:
        """Gather what decides a relation's health."""
        return Evidence(
            own=self.results.get(relation, NOTHING),
            freshness=self.freshness.get(relation, NOTHING),
            tests=[(test, self.results.get(test, NOTHING)) for test in self._tests[relation]],
        )

    def health(self, relation: str) -> str:
        """Judge a relation; one that the project has not is unknown."""
        if not self.exists(relation):
            return UNKNOWN
        results = self.results
        return health(
            results.get(relation, NOTHING),
            self.freshness.get(relation, NOTHING),
            {results[test].group for test in self._tests[relation] if test in results},
        )

    def _define_relation(self, row: HealthInputRow) -> None:
        variants = self._relations.setdefault(row.unique_id, set())
        self.told.setdefault(row.unique_id, {})[row.variant] = told(row)
        if row.change_kind == REMOVED:
            variants.discard(row.variant)
        else:
            variants.add(row.variant)

    def _define_test(self, row: HealthInputRow) -> None:
        by_variant = self._judged.setdefault(row.input_unique_id, {})
        judged = by_variant.get(row.variant, frozenset[str]())
        change = judged.difference if row.change_kind == REMOVED else judged.union
        by_variant[row.variant] = change({row.unique_id})

    def _judged_by(self, test: str) -> frozenset[str]:
        """Follow the variant that last passed the test, else the newest that has it."""
        by_variant = self._judged.get(test, {})
        if len(self._in_force) == 1:
            return by_variant.get(self._in_force[0], frozenset())
        having = [variant for variant in self._in_force if by_variant.get(variant)]
        passed_by = self.results.get(test, NOTHING).variant
        if passed_by in having:
            return by_variant[passed_by]
        return by_variant[having[0]] if having else frozenset()


def fold_health(state: State, events: Iterable[Event], relations: AbstractSet[str]) -> list[Change]:
    """Fold events into `state`; return the changes of these relations, settled run by run.

    A change is explained by how things stand after the run's last event that concerns it.
    """
    now = {relation: state.health(relation) for relation in relations}
    changes: defaultdict[str, list[Change]] = defaultdict(list)
    run_id: int | None = None
    unexplained: set[str] = set()
    for event in sorted(events, key=_when):
        if event.order[1] != run_id:
            _explain(changes, unexplained, state)
            run_id = event.order[1]
        for relation in _apply(state, event):
            if relation not in now:
                continue
            before, known = now[relation], changes.get(relation)
            is_fine = before == HEALTHY and _is_fine(event, relation, state)
            after = before if is_fine else state.health(relation)
            if before != after:
                now[relation] = after
                changes[relation].append(_change(state, event, relation, before, after))
                unexplained.add(relation)
            elif known and known[-1].order[1] == run_id:
                unexplained.add(relation)
    _explain(changes, unexplained, state)
    return [change for found in changes.values() for change in _settled(found)]


def _is_fine(event: Event, relation: str, state: State) -> bool:
    """Whether a healthy relation must be healthy still: all it hears of is one more good result."""
    if isinstance(event, Definitions) or event.standing.group != "ok":
        return False
    return event.standing.skip_run_id is None and relation in state.judged(event.unique_id)


def _change(state: State, event: Event, relation: str, before: str, after: str) -> Change:
    return Change(
        unique_id=relation,
        order=event.order,
        before=before,
        after=after,
        reason=_UNEXPLAINED,
        is_by_project=isinstance(event, Definitions),
        told=_told(state, relation, event.variant),
    )


def _explain(changes: Mapping[str, list[Change]], relations: set[str], state: State) -> None:
    for relation in relations:
        known = changes[relation]
        known[-1] = structs.replace(known[-1], reason=_reason(state, relation))
    relations.clear()


def _apply(state: State, event: Event) -> AbstractSet[str]:
    """Take an event into account; return the relations it concerns."""
    if isinstance(event, Definitions):
        return state.define(event.rows, event.in_force)
    if event.is_freshness:
        state.freshness[event.unique_id] = event.standing
        return {event.unique_id}
    state.results[event.unique_id] = event.standing
    changed, judged = state.passed(event.unique_id), state.judged(event.unique_id)
    return judged | changed if changed else judged


def _settled(changes: Sequence[Change]) -> Iterator[Change]:
    """Keep of changes that one run made, or several at once, the sum."""
    last = {change.order[1]: place for place, change in enumerate(changes)}
    first = end = 0
    for place, change in enumerate(changes):
        end = max(end, last[change.order[1]])
        if place < end:
            continue
        if changes[first].before != change.after:
            yield structs.replace(change, before=changes[first].before)
        first = end = place + 1


def _reason(state: State, relation: str) -> Reason:
    if not state.exists(relation):
        return Reason("it was removed")
    return reason(state.evidence(relation))


def _told(state: State, relation: str, variant: str) -> Told:
    """Name relation and owner as the run's own variant does, else as any other does."""
    told = state.told[relation]
    return told[variant] if variant in told else told[min(told)]


def _when(event: Event) -> tuple[Order, bool, str]:
    is_definitions = isinstance(event, Definitions)
    return event.order, not is_definitions, "" if is_definitions else event.unique_id


def _is_test(unique_id: str) -> bool:
    return unique_id.startswith(("test.", "unit_test."))
