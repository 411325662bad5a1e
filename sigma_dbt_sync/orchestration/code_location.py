"""Lets Dagster load its definitions anew, so that a changed dbt project shows without a restart."""

from urllib.parse import urlsplit

import dagster as dg

from sigma_dbt_sync.settings import Settings

_PATIENCE_SECONDS = 30


def reload_code_location(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Ask the UI for it, where DAGSTER_WEBSERVER_URL says one answers; failing is only a warning.

    Nobody depends on this: the next start, or "Reload" in the UI, shows the same.
    """
    origin = context.run.remote_job_origin
    if settings.dagster_webserver_url is None or origin is None:
        return
    from dagster_graphql import (  # noqa: PLC0415 - definitions load without it, 0.2 s sooner
        DagsterGraphQLClient,
        DagsterGraphQLClientError,
        ReloadRepositoryLocationStatus,
    )

    url = urlsplit(settings.dagster_webserver_url)
    name = origin.location_name
    try:
        client = DagsterGraphQLClient(
            url.netloc,
            use_https=url.scheme == "https",
            path_prefix=url.path.rstrip("/"),
            timeout=_PATIENCE_SECONDS,
        )
        done = client.reload_repository_location(name)
    except DagsterGraphQLClientError as error:
        reason = error.__cause__ or error  # the error itself repeats the whole query
        context.log.warning(
            "Dagster's UI at %s could not be asked to reload: %s", url.netloc, reason
        )
        return
    if done.status is not ReloadRepositoryLocationStatus.SUCCESS:
        context.log.warning("Dagster's UI could not reload %s: %s", name, done.message)
