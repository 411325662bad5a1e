"""The outbox: which tables Sigma still has to sync, who is at it, and what came of it.

A request is written to sigma_table_syncs before Sigma is called, and settled after it. Whoever
writes it holds it until `lease_until`; what is still unsettled then was cut off, and is taken over
by the next delivery. Claims are published at a generation of sync_lock, like everything else, so of
two deliveries only one gets a table.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from msgspec import json

from sigma_dbt_sync.docs_diff.ready import due_at, ready
from sigma_dbt_sync.normalize.keys import to_json
from sigma_dbt_sync.sigma import Outcome
from sigma_dbt_sync.sync.outbox_present import OutboxPresent
from sigma_dbt_sync.sync.own_tables import WAITING, own_requests
from sigma_dbt_sync.sync.publishing import publish
from sigma_dbt_sync.sync.requests import (
    BY_MIGRATION,
    ConnectionOf,
    Path,
    Request,
    requests_for,
)
from sigma_dbt_sync.sync.settlement import abandoned_sync, settled_changes, settled_sync
from sigma_dbt_sync.tables.delivery import (
    DBT_DOC_CHANGES,
    SIGMA_TABLE_SYNCS,
    DocChangeRow,
    TableSyncRow,
)
from sigma_dbt_sync.warehouse.base import Change, Warehouse

LEASE = timedelta(minutes=15)
"""Longer than a handful of tables can take, with every retry and every read-back."""

_BEGUN_WITHIN = 2 / 3  # of the lease

FAILED_AGAIN_AFTER = timedelta(days=1)
"""A table that Sigma does not know, or may not sync, is asked for again so often by itself."""

SyncWhen = Literal["built", "verified"]

_REQUESTED = "requested"
_SENDABLE = ("built", "verified", "failed")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a delivery goes about it.

    `when` is SIGMA_SYNC_WHEN; `failed_too` sends at once what failed for good, not a day later.
    """

    connection_of: ConnectionOf
    when: SyncWhen
    failed_too: bool = False
    lease: timedelta = LEASE


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that this delivery, and no other, may send now."""

    request: Request
    row: TableSyncRow
    is_taken_over: bool
    """An earlier delivery was cut off while it was at this table; Sigma may have synced it."""
    begin_until: datetime
    """Later it is not begun any more: the lease could end while Sigma is at it."""


@dataclass(frozen=True, slots=True)
class Done:
    """A claim and what came of it."""

    claim: Claim
    connection_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """What could be sent now, and what another delivery is sending."""

    free: tuple[Request, ...]
    held: tuple[Request, ...]
    unconnected: frozenset[int | None]
    """Projects with changes to send and no Sigma connection."""
    due_at: datetime | None
    """When the next change that nothing has verified is sent all the same."""


class Outbox:
    """One warehouse's outbox, in the hands of one delivery."""

    def __init__(
        self,
        warehouse: Warehouse,
        terms: Terms,
        *,
        delivery_id: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Read nothing yet."""
        self._warehouse = warehouse
        self._present = OutboxPresent(warehouse)
        self._terms = terms
        self._id = delivery_id
        self._clock = clock

    def waiting(self) -> Waiting:
        """Find what may be sent: changed descriptions by table, then tables of our own."""
        now = self._clock()
        rows = self._present.changes_in(_SENDABLE)
        changes = self._due(rows, now)
        relations = self._present.relations(change.node_key for change in changes)
        found = requests_for(changes, relations, self._terms.connection_of)
        own = self._present.syncs_because_of(BY_MIGRATION)
        found += own_requests(own, self._terms.connection_of)
        held = {_path(row) for row in self._present.syncs_in(_REQUESTED) if row.lease_until > now}
        projects = {change.project_id for change in changes}
        return Waiting(
            free=tuple(request for request in found if request.relation.path not in held),
            held=tuple(request for request in found if request.relation.path in held),
            unconnected=frozenset(p for p in projects if not self._terms.connection_of(p)),
            due_at=due_at(rows, when=self._terms.when, now=now),
        )

    def claim(
        self, limit: int, tried: Collection[str], asked: Sequence[Request] | None = None
    ) -> list[Claim]:
        """Take up to `limit` requests and write them down as taken; leave out those in `tried`.

        `asked` are requests made by hand; without them, those of changed descriptions.
        """
        claims: list[Claim] = []

        def plan() -> tuple[list[Change], list[str]]:
            claims.clear()
            wanted = self.waiting().free if asked is None else asked
            wanted = [request for request in wanted if request.request_id not in tried]
            unsettled = self._present.syncs_in(_REQUESTED)
            now = self._clock()
            held = {_path(row) for row in unsettled if row.lease_until > now}
            free = [request for request in wanted if request.relation.path not in held][:limit]
            taken = {request.relation.path for request in free}
            cut_off = [row for row in unsettled if _path(row) in taken]
            claims.extend(self._claims(free, {_path(row) for row in cut_off}, now))
            rows = [*(abandoned_sync(row, now) for row in cut_off), *(c.row for c in claims)]
            return [Change(SIGMA_TABLE_SYNCS, rows)] if rows else [], []

        publish(self._warehouse, self._id, plan)
        return claims

    def settle(self, done: Sequence[Done]) -> None:
        """Write down what came of some requests, and how far their changes have come."""
        publish(self._warehouse, self._id, partial(self._settlement, done))

    def _settlement(self, done: Sequence[Done]) -> tuple[list[Change], list[str]]:
        now = self._clock()
        requests = [one.claim.request for one in done]
        ids = [i for request in requests for i in (*request.change_ids, *request.overruled)]
        present = {row.change_id: row for row in self._present.changes(ids)}
        syncs = [settled_sync(o.claim.row, o.connection_id, o.outcome, now) for o in done]
        changes = [
            row
            for one in done
            for row in settled_changes(one.claim.request, one.outcome, present, now)
        ]
        return [Change(SIGMA_TABLE_SYNCS, syncs), Change(DBT_DOC_CHANGES, changes)], []

    def sendable(self) -> list[DocChangeRow]:
        """Changes that may be sent now."""
        return self._due(self._present.changes_in(_SENDABLE), self._clock())

    def _due(self, rows: Sequence[DocChangeRow], now: datetime) -> list[DocChangeRow]:
        again = now if self._terms.failed_too else now - FAILED_AGAIN_AFTER
        failed = [r for r in rows if r.state == "failed" and (r.settled_at or again) <= again]
        return [*ready(rows, when=self._terms.when, now=now), *failed]

    def _claims(self, free: Sequence[Request], cut_off: set[Path], now: datetime) -> list[Claim]:
        made = Counter(
            row.sync_request_id
            for row in self._present.syncs_of([request.request_id for request in free])
            if row.state != WAITING
        )
        return [
            Claim(
                request,
                self._requested(request, made[request.request_id] + 1, now),
                is_taken_over=request.relation.path in cut_off,
                begin_until=now + self._terms.lease * _BEGUN_WITHIN,
            )
            for request in free
        ]

    def _requested(self, request: Request, attempt: int, now: datetime) -> TableSyncRow:
        relation = request.relation
        return TableSyncRow(
            account_id=relation.account_id,
            sync_request_id=request.request_id,
            attempt=attempt,
            environment_id=relation.environment_id,
            project_id=relation.project_id,
            node_key=relation.node_key,
            unique_id=relation.unique_id,
            relation_key=relation.relation_key,
            connection_id=None,
            path=to_json(list(relation.path)),
            cause=request.cause,
            change_count=request.change_count,
            state=_REQUESTED,
            claimed_by=self._id,
            lease_until=now + self._terms.lease,
            requested_at=now,
            expected_columns=len(request.columns),
        )


def _path(row: TableSyncRow) -> Path:
    return json.decode(row.path, type=Path)
