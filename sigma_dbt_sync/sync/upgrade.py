"""What a new version of this package owes a warehouse that an older one has filled."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from sigma_dbt_sync import __version__
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.environment import renew_environment
from sigma_dbt_sync.sync.own_tables import plan_own_requests
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.sync.publishing import Plan
from sigma_dbt_sync.warehouse.base import Warehouse


def upgrade_plans(
    present: Present,
    warehouse: Warehouse,
    migrated: Sequence[str],
    archived: Archived,
    *,
    sync_id: str,
    now: datetime,
) -> Iterator[Plan]:
    """Yield what there is to publish before anything new is loaded.

    Sigma has to look at the tables that were `migrated`. And current rows are made anew, once: the
    other version may have made them differently, and nothing else makes those of an unchanged node
    again.
    """
    if migrated:
        own = partial(plan_own_requests, warehouse, migrated, account_id=present.account_id)
        yield lambda: (own(sync_id=sync_id, now=now), [])
    if present.written_by() != __version__:
        for environment_id in sorted(present.environments()):
            yield partial(renew_environment, environment_id, present, archived)
