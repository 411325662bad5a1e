"""What decides a relation's health, manifest by manifest: itself, and the tests that judge it.

Each manifest is compared with the one before it of the same variant, so what a manifest changed
depends on these two alone and not on when either was loaded.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.health import Order
from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.owner import owner_of
from sigma_dbt_sync.normalize.project import RELATION_TYPES, resource_type
from sigma_dbt_sync.normalize.relations import meta_json
from sigma_dbt_sync.normalize.test_targets import tested
from sigma_dbt_sync.normalize.versions import REMOVED, VARIANT_LIFETIME, Moment
from sigma_dbt_sync.tables.health import HealthInputRow

Pair = tuple[str, str]
"""unique_id of the relation, and of what decides."""


class Told(Struct, frozen=True, gc=False):
    """What a manifest tells of a relation to whoever looks after it; of a test, nothing."""

    relation_name: str | None = None
    owner_name: str | None = None
    owner_email: str | None = None


Inputs = Mapping[Pair, Told]
_NOTHING = Told()


def health_inputs(manifest: Manifest) -> dict[Pair, Told]:
    """List the relations of a manifest and what judges them.

    A test that judges nothing stands for itself: that it is there may decide between variants.
    """
    found: dict[Pair, Told] = {}
    for unique_id, node in (manifest.nodes | manifest.sources).items():
        if resource_type(unique_id) in RELATION_TYPES:
            group = node.group or node.config.group
            owner = owner_of(meta_json(node.meta, node.config.meta), group, manifest.groups)
            found[unique_id, unique_id] = Told(node.relation_name, *owner)
    for unique_id, test in manifest.tests.items():
        for relation in tested(test) or [unique_id]:
            found[relation, unique_id] = _NOTHING
    return found


def input_rows(
    moment: Moment,
    before: Inputs,
    after: Inputs,
    *,
    account_id: int,
    environment_id: int,
    project_id: int | None,
) -> Iterator[HealthInputRow]:
    """Yield a row for everything that a manifest changed."""
    for pair in before.keys() | after.keys():
        told = after.get(pair)
        if told == before.get(pair):
            continue
        kind = REMOVED if told is None else "changed" if pair in before else "added"
        told = before[pair] if told is None else told
        yield HealthInputRow(
            account_id=account_id,
            environment_id=environment_id,
            variant=moment.variant,
            unique_id=pair[0],
            input_unique_id=pair[1],
            valid_from=moment.started_at,
            run_id=moment.run_id,
            step_index=moment.step_index,
            project_id=project_id,
            node_key=node_key(account_id, environment_id, pair[0]),
            change_kind=kind,
            relation_name=told.relation_name,
            owner_name=told.owner_name,
            owner_email=told.owner_email,
        )


def inputs_of(rows: Iterable[HealthInputRow]) -> dict[Pair, Told]:
    """Read back what the newest rows of a variant say is there."""
    return {
        (row.unique_id, row.input_unique_id): told(row)
        for row in rows
        if row.change_kind != REMOVED
    }


def told(row: HealthInputRow) -> Told:
    """Read back what a row tells of its relation."""
    return Told(row.relation_name, row.owner_name, row.owner_email)


def predecessors(moments: Iterable[Moment]) -> dict[Moment, str]:
    """Name the sha256 of the manifest before each in its variant; empty text before the first."""
    by_variant: defaultdict[str, list[Moment]] = defaultdict(list)
    for moment in sorted(moments, key=order_of):
        by_variant[moment.variant].append(moment)
    return {
        moment: before
        for ordered in by_variant.values()
        for moment, before in zip(ordered, ["", *(one.sha256 for one in ordered)], strict=False)
    }


def in_force(moments: Iterable[Moment]) -> list[tuple[Order, tuple[str, ...]]]:
    """List which variants decided from when on, newest first; only where that changed."""
    newest: dict[str, Moment] = {}
    found: list[tuple[Order, tuple[str, ...]]] = []
    for moment in sorted(moments, key=order_of):
        newest[moment.variant] = moment
        ordered = sorted(newest.values(), key=order_of, reverse=True)
        oldest = moment.started_at - VARIANT_LIFETIME
        variants = tuple(one.variant for one in ordered if one.started_at >= oldest)
        if not found or variants != found[-1][1]:
            found.append((order_of(moment), variants))
    return found


def order_of(moment: Moment) -> Order:
    """Say where in the order of events a manifest came into force."""
    return moment.started_at, moment.run_id, moment.step_index
