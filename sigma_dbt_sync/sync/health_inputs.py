"""Keeps what decides the health of an environment's relations, as its manifests tell it.

What a manifest changed follows from it and from the one before it in its variant. So a manifest
that arrives late changes the rows of two: its own, and those of the one after it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.health import Order
from sigma_dbt_sync.normalize.health_fold import Definitions
from sigma_dbt_sync.normalize.health_inputs import (
    Inputs,
    health_inputs,
    in_force,
    input_rows,
    inputs_of,
    order_of,
    predecessors,
)
from sigma_dbt_sync.normalize.run_facts import RunFacts
from sigma_dbt_sync.normalize.versions import Moment
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.history import Environment, moments_of
from sigma_dbt_sync.tables.health import HealthInputRow

Turn = tuple[Order, tuple[str, ...]]
"""When other variants came to decide, and which, newest first."""


class Timeline:
    """Which variants decide at which moment, newest first."""

    def __init__(self, moments: Iterable[Moment]) -> None:
        """Find out where that changes."""
        self._moments = {order_of(moment): moment for moment in moments}
        steps = in_force(self._moments.values())
        self._orders = [order for order, _ in steps]
        self._variants = [variants for _, variants in steps]

    def turns(self, *, of_set: bool) -> list[Turn]:
        """List where other variants came to decide; `of_set`: not just in another order."""
        turns = list(zip(self._orders, self._variants, strict=True))
        if not of_set:
            return turns
        before = [(), *self._variants]
        return [
            (order, tuple(sorted(variants)))
            for (order, variants), last in zip(turns, before, strict=False)
            if set(variants) != set(last)
        ]

    def at(self, order: Order) -> tuple[str, ...]:
        """Name the variants that decide from this moment on."""
        place = bisect_right(self._orders, order)
        return self._variants[place - 1] if place else ()

    def definitions(
        self, rows: Iterable[HealthInputRow], after: Order | None = None
    ) -> list[Definitions]:
        """Make the events of input rows, and of every later change of who decides."""
        by_order: defaultdict[Order, list[HealthInputRow]] = defaultdict(list)
        for row in rows:
            by_order[row.valid_from, row.run_id, row.step_index].append(row)
        for order in self._orders:
            if after is None or order > after:
                by_order.setdefault(order, [])
        return [
            Definitions(order, self._moments[order].variant, found, self.at(order))
            for order, found in by_order.items()
        ]


class Manifests:
    """An environment's manifests before and after a batch, and what that means."""

    def __init__(self, stored: Sequence[Moment], facts: Sequence[RunFacts]) -> None:
        """Compare what is stored with what a batch brings; a run loaded again is replaced."""
        reloaded = {run.context.run_id for run in facts}
        arrived = moments_of(row for run in facts for row in run.artifacts)
        self._facts = facts
        self._before = list(stored)
        self._after = [one for one in stored if one.run_id not in reloaded] + arrived
        self._pairs = predecessors(self._after)
        old, new = predecessors(stored), self._pairs
        self._changed = [one for one, before in new.items() if old.get(one) != before]
        self.obsolete = {one.run_id for one, before in old.items() if new.get(one) != before}
        """Runs whose input rows, if there are any, hold no more."""
        self.variants = {one.variant for one in (*self._before, *self._after)}
        self.newest = max(map(order_of, stored), default=None)
        """Up to when manifests were known before the batch."""
        differing = map(order_of, {*self._before} ^ {*self._after})
        self.late_from = min(
            (one for one in differing if self.newest and one < self.newest), default=None
        )
        """The first place in the past where a manifest has come or gone."""
        self.timeline = Timeline(self._after)

    @property
    def is_quiet(self) -> bool:
        """Whether the batch's manifests tell nothing about health."""
        is_same = all(self._pairs[one] == one.sha256 for one in self._changed)
        return is_same and not self.obsolete and len(self.variants) <= 1

    @property
    def is_set_rewritten(self) -> bool:
        """Whether other variants decided in the past than was known."""
        before = Timeline(self._before).turns(of_set=True)
        return before != self.turns_before(of_set=True)

    def turns_before(self, *, of_set: bool) -> list[Turn]:
        """List the turns in the past."""
        turns = self.timeline.turns(of_set=of_set)
        return [turn for turn in turns if self.newest and turn[0] <= self.newest]

    def turns_after(self, *, of_set: bool) -> list[Turn]:
        """List the turns that the batch brings."""
        turns = self.timeline.turns(of_set=of_set)
        return [turn for turn in turns if self.newest is None or turn[0] > self.newest]

    def rows(self, environment: Environment, read: "Reader") -> list[HealthInputRow]:
        """Make the rows of changed manifests."""
        return [
            row
            for moment in sorted(self._changed, key=order_of)
            if self._pairs[moment] != moment.sha256
            for row in input_rows(
                moment,
                read(self._pairs[moment]),
                read(moment.sha256),
                account_id=environment.account_id,
                environment_id=environment.environment_id,
                project_id=environment.project_id,
            )
        ]


class Reader:
    """Reads what a manifest says, in the cheapest way there is."""

    def __init__(
        self,
        stored: Sequence[Moment],
        newest: Iterable[HealthInputRow],
        facts: Iterable[RunFacts],
        archived: Archived,
        all_rows: Callable[[], Iterable[HealthInputRow]],
    ) -> None:
        """Take the newest stored rows of every variant, and a way to read all that are stored."""
        by_variant: defaultdict[str, list[HealthInputRow]] = defaultdict(list)
        for row in newest:
            by_variant[row.variant].append(row)
        last = {moment.variant: moment for moment in sorted(stored, key=order_of)}
        self._known: dict[str, Inputs] = {"": {}}
        self._stored = {moment.sha256: by_variant[variant] for variant, moment in last.items()}
        self._at_hand: dict[str, Manifest] = {}
        for run in facts:
            if run.manifest and (moments := moments_of(run.artifacts)):
                self._at_hand[moments[-1].sha256] = run.manifest
        readable = {one.sha256 for one in stored if one.run_id in archived.run_ids}
        self._pruned = {one.sha256: one for one in stored if one.sha256 not in readable}
        self._read_manifest = archived.manifest
        self._all_rows = all_rows

    def __call__(self, sha256: str) -> Inputs:
        """Read what decides about relations, by the manifest's sha256."""
        if sha256 not in self._known:
            self._known[sha256] = self._found(sha256)
        return self._known[sha256]

    def _found(self, sha256: str) -> Inputs:
        if sha256 in self._stored:
            return inputs_of(self._stored[sha256])
        if sha256 in self._at_hand:
            return health_inputs(self._at_hand[sha256])
        if sha256 in self._pruned:
            return self._replayed(self._pruned[sha256])
        return health_inputs(self._read_manifest(sha256))

    def _replayed(self, moment: Moment) -> Inputs:
        """Find in the rows themselves what a manifest said that nobody can read any more."""
        rows = [row for row in self._all_rows() if row.variant == moment.variant]
        ordered = sorted(rows, key=lambda row: (row.valid_from, row.run_id, row.step_index))
        newest = {
            (row.unique_id, row.input_unique_id): row
            for row in ordered
            if (row.valid_from, row.run_id, row.step_index) <= order_of(moment)
        }
        return inputs_of(newest.values())
