"""Tells relations that can be folded on from those that have to be folded again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sigma_dbt_sync.normalize.health import Order, freshness_of, standing_of
from sigma_dbt_sync.normalize.health_fold import Result
from sigma_dbt_sync.normalize.project import RELATION_TYPES, resource_type
from sigma_dbt_sync.normalize.versions import REMOVED
from sigma_dbt_sync.sync.health_inputs import Manifests
from sigma_dbt_sync.tables.health import HealthInputRow
from sigma_dbt_sync.tables.node_status import NodeStatusRow


class Known:
    """Which relations a node decides about, and up to when all is known of a relation."""

    def __init__(
        self,
        newest: Sequence[HealthInputRow],
        made: Sequence[HealthInputRow],
        gone: Sequence[HealthInputRow],
        status: Mapping[str, NodeStatusRow],
        manifests: Manifests,
    ) -> None:
        """Take the newest input rows stored, and those that a batch makes and takes away."""
        self.newest = newest
        self._made = made
        self._gone = gone
        self._status = status
        self._manifests = manifests
        self._relations: defaultdict[str, set[str]] = defaultdict(set)
        self._inputs: defaultdict[str, set[str]] = defaultdict(set)
        self._defined: dict[str, Order] = {}
        self._until: dict[str, Order | None] = {}
        for row in (*newest, *made, *gone):
            if resource_type(row.unique_id) in RELATION_TYPES:
                self._relations[row.input_unique_id].add(row.unique_id)
                self._inputs[row.unique_id].add(row.input_unique_id)
        for row in newest:
            known = self._defined.get(row.input_unique_id)
            self._defined[row.input_unique_id] = max(_order(row), known or _order(row))
        self._disputed: set[str] = set()
        """Tests that variants let judge different relations: the newest variant decides."""
        self._partial: set[str] = set()
        """Nodes that not every variant has: they leave when the others are all that is left."""
        if len(manifests.variants) > 1:
            self._compare_variants(newest)
            self._compare_variants([*newest, *made])

    def inputs_of(self, relations: Iterable[str]) -> set[str]:
        """Name everything that has ever decided about these relations."""
        return {uid for relation in relations for uid in (relation, *self._inputs[relation])}

    def sort_out(self, events: Iterable[Result], late: Iterable[str]) -> tuple[set[str], set[str]]:
        """Name the relations to fold again, and those to fold on.

        `late` are nodes of which something came that is older than what was known of them.
        """
        again = {relation for uid in late for relation in self._decided_by(uid)}
        again |= {
            relation for row in self._gone for relation in self._decided_by(row.input_unique_id)
        }
        again |= {relation for uid in self._rewritten() for relation in self._decided_by(uid)}
        moves = [(event.unique_id, event.order) for event in events]
        moves += [(row.input_unique_id, _order(row)) for row in self._made]
        moves += self._turns()
        first: dict[str, Order] = {}
        for unique_id, order in moves:
            first[unique_id] = min(order, first.get(unique_id, order))
        ahead: set[str] = set()
        for unique_id, order in first.items():
            for relation in self._decided_by(unique_id):
                until = self._known_until(relation)
                (ahead if until is None or order > until else again).add(relation)
        return again, ahead - again

    def _decided_by(self, unique_id: str) -> set[str]:
        return self._relations.get(unique_id, set())

    def _known_until(self, relation: str) -> Order | None:
        """Say when the newest thing happened that is known and concerns the relation."""
        if relation in self._until:
            return self._until[relation]
        inputs = self.inputs_of((relation,))
        known = [self._status[uid] for uid in inputs if uid in self._status]
        orders = [standing_of(row).latest for row in known]
        orders += [self._defined[uid] for uid in inputs if uid in self._defined]
        orders.append(freshness_of(self._status.get(relation)).latest)
        if not inputs.isdisjoint(self._disputed):
            orders.append(self._manifests.newest)
        if not inputs.isdisjoint(self._partial):
            orders += [order for order, _ in self._manifests.turns_before(of_set=True)[-1:]]
        self._until[relation] = max((one for one in orders if one), default=None)
        return self._until[relation]

    def _turns(self) -> list[tuple[str, Order]]:
        """List the nodes concerned whenever other variants came to decide, in this batch."""
        if not (self._disputed or self._partial):
            return []
        turns = self._manifests.turns_after
        found = [(uid, order) for order, _ in turns(of_set=False) for uid in self._disputed]
        return found + [(uid, order) for order, _ in turns(of_set=True) for uid in self._partial]

    def _rewritten(self) -> set[str]:
        """Name the nodes that variants may have decided otherwise in the past than was known."""
        manifests = self._manifests
        late_from = manifests.late_from
        if late_from is None or len(manifests.variants) <= 1:
            return set()
        found = {uid for uid, order in self._defined.items() if order >= late_from}
        found |= {row.input_unique_id for row in self._made} | self._disputed
        return found | self._partial if manifests.is_set_rewritten else found

    def _compare_variants(self, rows: Iterable[HealthInputRow]) -> None:
        decided: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )
        for row in rows:
            of_variant = decided[row.input_unique_id][row.variant]
            change = of_variant.discard if row.change_kind == REMOVED else of_variant.add
            change(row.unique_id)
        for unique_id, by_variant in decided.items():
            present = [found for found in by_variant.values() if found]
            if any(found != present[0] for found in present):
                self._disputed.add(unique_id)
            if len(present) < len(self._manifests.variants):
                self._partial.add(unique_id)


def _order(row: HealthInputRow) -> Order:
    return row.valid_from, row.run_id, row.step_index
