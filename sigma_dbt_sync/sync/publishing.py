"""Plans and publishes one batch, and plans it again when another sync was faster."""

from collections.abc import Callable

from sigma_dbt_sync.errors import BatchOutdated
from sigma_dbt_sync.warehouse.base import Batch, Change, Counts, Warehouse

_ATTEMPTS = 5

Plan = Callable[[], tuple[list[Change], list[str]]]
"""Plans the changes of a batch from what the warehouse holds now, and names orphaned code."""


def publish(warehouse: Warehouse, sync_id: str, plan: Plan) -> dict[str, Counts]:
    """Plan a batch and publish it; return what was done, by table.

    Raises:
        BatchOutdated: others kept publishing first; a rerun helps.
        WarehouseError: the warehouse refused; nothing of the batch was kept.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        generation = warehouse.identity().generation
        changes, orphans = plan()
        try:
            return warehouse.publish(Batch(sync_id, generation, tuple(changes), tuple(orphans)))
        except BatchOutdated:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError  # the last attempt either returns or raises
