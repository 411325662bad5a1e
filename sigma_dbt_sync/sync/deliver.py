"""Makes Sigma sync the tables whose descriptions changed, and writes down what came of it.

The warehouse is open only while the outbox is read or written, never while Sigma is waited for: a
DuckDB file belongs to one process at a time. A delivery can be cut off at any moment; what it had
claimed is taken over by a later one, which first looks whether Sigma has done it already.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from sigma_dbt_sync.errors import ConfigurationError, NotFound, SyncError
from sigma_dbt_sync.sigma import Connection, Outcome, SigmaClient, TableSync, Wanted
from sigma_dbt_sync.sync.outbox import Claim, Done, Outbox, Terms
from sigma_dbt_sync.sync.reports import Progress, silent
from sigma_dbt_sync.sync.requests import BY_MIGRATION, Request
from sigma_dbt_sync.sync.settlement import NOT_IN_SIGMA, TAKEN, TRIED_LATER
from sigma_dbt_sync.warehouse.base import Warehouse

AT_ONCE = 3
"""Tables that Sigma is asked for at a time: it publishes no limit, and its edge has one."""

_CLAIMED_AT_ONCE = 4 * AT_ONCE
_TOO_LATE = "The tables before it took so long that another delivery could be at it by now."


@dataclass(frozen=True, slots=True)
class Delivered:
    """One table that Sigma was asked to sync, and how that went."""

    request: Request
    attempt: int
    outcome: Outcome


@dataclass(slots=True)
class DeliveryReport:
    """What a delivery did, and what it left."""

    tables: list[Delivered] = field(default_factory=list[Delivered])
    remaining: int = 0
    """Tables that still wait to be sent, those that failed for good left out."""
    held: int = 0
    """Tables that another delivery is at, or was when it was cut off."""
    unconnected: frozenset[int | None] = frozenset()
    """Projects with changes to send, whose Sigma connection no setting names."""
    unknown_connections: dict[str, str] = field(default_factory=dict[str, str])
    """Connections that Sigma does not have, and what to do; their tables wait."""
    due_at: datetime | None = None
    """When a change that nothing has verified yet is sent all the same."""
    requests: int = 0
    rate_limited: int = 0

    @property
    def synced(self) -> list[Delivered]:
        """Tables that Sigma synced."""
        return [delivered for delivered in self.tables if delivered.outcome.state in TAKEN]

    @property
    def failed(self) -> list[Delivered]:
        """Tables that Sigma did not sync."""
        return [delivered for delivered in self.tables if delivered.outcome.state not in TAKEN]

    @property
    def is_good(self) -> bool:
        """Whether nothing is left for a person to mend."""
        return not self.failed and not self.unknown_connections


def deliver(
    warehouse: Warehouse,
    client: SigmaClient,
    terms: Terms,
    *,
    delivery_id: str,
    clock: Callable[[], datetime],
    asked: Sequence[Request] | None = None,
    read_back_seconds: float = 30.0,
    progress: Progress = silent,
) -> DeliveryReport:
    """Send everything that waits, at most three tables at a time.

    `asked` are requests made by hand, sent instead of those of changed descriptions.

    Raises:
        SyncError: Sigma, or every connection in it, cannot be used; nothing was claimed, so nothing
            is lost.
        WarehouseError: the warehouse refused; what Sigma has done is found out by the next one.
    """
    report = DeliveryReport()
    outbox = Outbox(warehouse, terms, delivery_id=delivery_id, clock=clock)
    senders = _Senders(client, read_back_seconds, clock)
    waiting = outbox.waiting()
    wanted = waiting.free if asked is None else asked
    warehouse.close()
    senders.connect(wanted)
    tried = {request.request_id for request in wanted if request.connection in senders.unknown}
    while wanted and (claims := outbox.claim(_CLAIMED_AT_ONCE, tried, asked)):
        warehouse.close()
        tried |= {claim.request.request_id for claim in claims}
        states: set[str] = set()
        for done in senders.send(claims):
            outbox.settle(done)
            warehouse.close()
            states |= {one.outcome.state for one in done}
            report.tables += [_delivered(one) for one in done if not _is_of_no_use(one)]
            progress("syncing tables in Sigma", len(report.tables), max(len(wanted), len(tried)))
        if states == {TRIED_LATER}:
            break  # Sigma is not answering any more: the rest waits for the next delivery
    left = outbox.waiting()
    warehouse.close()
    over = {d.request.table for d in report.failed if d.outcome.state != TRIED_LATER}
    report.remaining = len({request.table for request in left.free} - over)
    report.held = len(left.held)
    report.unconnected = left.unconnected
    report.unknown_connections = {name: str(why) for name, why in senders.unknown.items()}
    report.due_at = left.due_at
    report.requests, report.rate_limited = client.traffic.requests, client.traffic.rate_limited
    return report


class _Senders:
    """Sends requests through the connection that each names."""

    def __init__(
        self, client: SigmaClient, read_back_seconds: float, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._read_back_seconds = read_back_seconds
        self._clock = clock
        self._by_name: dict[str, tuple[Connection, TableSync]] = {}
        self.unknown: dict[str, SyncError] = {}

    def connect(self, requests: Sequence[Request]) -> None:
        """Find the connections in Sigma; a Sigma that is down shows here.

        A wrong name holds up the projects of that connection alone, unless there is no other.
        """
        for name in sorted({request.connection for request in requests}):
            try:
                connection = self._client.connection(name)
            except (ConfigurationError, NotFound) as error:
                self.unknown[name] = error
                continue
            table_sync = TableSync(
                self._client, connection, read_back_seconds=self._read_back_seconds
            )
            self._by_name[name] = connection, table_sync
        if self.unknown and not self._by_name:
            raise next(iter(self.unknown.values()))

    def send(self, claims: Sequence[Claim]) -> Iterator[list[Done]]:
        """Send all, a few at a time, and yield what is done whenever something is."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sigma") as pool:
            open_futures: set[Future[Done]] = {pool.submit(self._send, claim) for claim in claims}
            while open_futures:
                finished, open_futures = wait(open_futures, return_when=FIRST_COMPLETED)
                yield [future.result() for future in finished]

    def _send(self, claim: Claim) -> Done:
        connection, table_sync = self._by_name[claim.request.connection]
        wanted = Wanted(
            path=claim.request.relation.path,
            columns=claim.request.columns,
            relation_description=claim.request.relation_description,
        )
        if self._clock() >= claim.begin_until:
            late = Outcome(state=TRIED_LATER, expected_columns=len(wanted.columns), error=_TOO_LATE)
            return Done(claim, connection.connection_id, late)
        outcome = table_sync.run(wanted, read_back_first=claim.is_taken_over)
        return Done(claim, connection.connection_id, outcome)


def _is_of_no_use(done: Done) -> bool:
    """Whether it was about a table of ours that nobody lets Sigma see: as it should be for most."""
    return done.claim.request.cause == BY_MIGRATION and done.outcome.state == NOT_IN_SIGMA


def _delivered(done: Done) -> Delivered:
    return Delivered(done.claim.request, done.claim.row.attempt, done.outcome)
