"""The demo account as the views' tests have it."""

from tests.views.conftest import account, rows, warehouse

__all__ = ["account", "rows", "warehouse"]
