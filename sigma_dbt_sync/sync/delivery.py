"""`run_delivery`: the use case behind `deliver`, the Dagster job, and the end of a sync."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from uuid import uuid4

from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.normalize.keys import digest
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import open_sigma
from sigma_dbt_sync.sync.asked import requests_by_hand
from sigma_dbt_sync.sync.deliver import DeliveryReport, deliver
from sigma_dbt_sync.sync.load import loaded_state
from sigma_dbt_sync.sync.outbox import FAILED_AGAIN_AFTER, Outbox, Terms, Waiting
from sigma_dbt_sync.sync.reports import Progress, silent
from sigma_dbt_sync.sync.requests import Request
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.base import Warehouse

Clock = Callable[[], datetime]

_FAR = datetime.max.replace(tzinfo=UTC)


def waiting(warehouse: Warehouse, settings: Settings, *, clock: Clock) -> Waiting:
    """Find what a delivery by itself would send now; Sigma is not asked."""
    terms = _terms(settings, failed_too=False)
    return Outbox(warehouse, terms, delivery_id="", clock=clock).waiting()


def requests_to_send(
    warehouse: Warehouse,
    settings: Settings,
    *,
    clock: Clock,
    node_keys: Collection[str] | None = None,
    delivery_id: str = "",
) -> list[Request]:
    """Find what a delivery by hand would send now; Sigma is not asked."""
    terms = _terms(settings, failed_too=True)
    outbox = Outbox(warehouse, terms, delivery_id=delivery_id, clock=clock)
    if node_keys is None:
        return list(outbox.waiting().free)
    changes = outbox.sendable()
    return requests_by_hand(warehouse, node_keys, changes, terms, delivery_id=delivery_id)


def deliver_after_sync(
    settings: Settings,
    account_id: int,
    target: str,
    *,
    clock: Clock,
    progress: Progress = silent,
) -> DeliveryReport | None:
    """Deliver at the end of a sync; None, without a connection, when nothing can be waiting.

    A note beside the archive says up to which load everything was sent, and when something that
    failed, or could not be verified, is to be looked at again.
    """
    archive = Archive(settings.archive_url, account_id)
    name = f"sent-{digest(target)}"
    state = loaded_state(archive, target)
    noted = (archive.read_note(name) or b"").decode().split("\n")
    if state and noted[0] == state and clock().isoformat() < noted[-1]:
        return None
    report = run_delivery(settings, clock=clock, progress=progress)
    if not (report.remaining or report.held):
        again = report.due_at or _FAR
        if report.failed:
            again = min(again, clock() + FAILED_AGAIN_AFTER)
        archive.write_note(name, f"{state}\n{again.isoformat()}".encode())
    return report


def run_delivery(
    settings: Settings,
    *,
    clock: Clock,
    delivery_id: str | None = None,
    node_keys: Collection[str] | None = None,
    failed_too: bool = False,
    progress: Progress = silent,
) -> DeliveryReport:
    """Make Sigma sync every table whose changed descriptions wait.

    With `node_keys`, the tables of those nodes instead, changed or not. `failed_too` sends at once
    what failed for good; else a day has to pass.

    Raises:
        ConfigurationError: Sigma is not set up, or a connection is not what the settings say.
        ServiceError: Sigma cannot be used; everything waits for the next delivery.
        WarehouseError: the warehouse refused.
    """
    delivery_id = delivery_id or uuid4().hex
    with (
        open_sigma(settings) as client,
        open_warehouse(settings, sync_id=delivery_id) as warehouse,
    ):
        asked = None
        if node_keys is not None:
            asked = requests_to_send(
                warehouse, settings, clock=clock, node_keys=node_keys, delivery_id=delivery_id
            )
        return deliver(
            warehouse,
            client,
            _terms(settings, failed_too=failed_too),
            delivery_id=delivery_id,
            clock=clock,
            asked=asked,
            progress=progress,
        )


def _terms(settings: Settings, *, failed_too: bool) -> Terms:
    return Terms(settings.sigma_connection_of, settings.sigma_sync_when, failed_too=failed_too)
