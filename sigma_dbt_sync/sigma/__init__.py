"""Tells Sigma to look at tables again, and reads back what it shows afterwards."""

from sigma_dbt_sync.sigma.client import SigmaClient, open_sigma
from sigma_dbt_sync.sigma.http import Traffic
from sigma_dbt_sync.sigma.pauses import Pauses
from sigma_dbt_sync.sigma.payloads import Answer, Connection, Identity, Inode, SigmaColumn
from sigma_dbt_sync.sigma.polling import Polling
from sigma_dbt_sync.sigma.table_sync import Outcome, State, TableSync, Wanted

__all__ = [
    "Answer",
    "Connection",
    "Identity",
    "Inode",
    "Outcome",
    "Pauses",
    "Polling",
    "SigmaClient",
    "SigmaColumn",
    "State",
    "TableSync",
    "Traffic",
    "Wanted",
    "open_sigma",
]
