"""dbt Cloud and Sigma under one address, so that a demo needs one port.

Their paths do not overlap: everything of Sigma's begins with `/v2/`, of dbt Cloud's with `/api/`.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.dbt_cloud import dbt_cloud
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.sigma_catalog import Organization


def services(account: Account, organization: Organization) -> ASGIApp:
    """Make the app that serves both."""
    for_dbt_cloud, for_sigma = dbt_cloud(account), sigma(organization)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_sigmas = scope["type"] == "http" and scope["path"].startswith("/v2/")
        await (for_sigma if is_sigmas else for_dbt_cloud)(scope, receive, send)

    return app
