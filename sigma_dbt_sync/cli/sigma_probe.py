"""What `check` finds out about Sigma: the credentials, and a connection for every project."""

from collections.abc import Iterator

from sigma_dbt_sync.cli.findings import Finding, Mark
from sigma_dbt_sync.cli.publish_probe import publishing_finding
from sigma_dbt_sync.dbt_cloud import open_client
from sigma_dbt_sync.errors import ServiceError, SyncError
from sigma_dbt_sync.settings import Settings, connections_by_project
from sigma_dbt_sync.sigma import SigmaClient, open_sigma

_SUBJECT = "Sigma"


def probe_sigma(settings: Settings) -> Iterator[Finding]:
    """Get a token, and look for every connection that the settings name."""
    if settings.missing_for_sigma:
        said = f"Nothing is sent to it: {', '.join(settings.missing_for_sigma)} not set."
        yield Finding(Mark.BAD, _SUBJECT, said, "sigma-dbt-sync configure")
        return
    if not settings.sends_to_sigma:
        said = "Not configured: nothing is sent to it."
        yield Finding(Mark.NOTE, _SUBJECT, said, "sigma-dbt-sync configure")
        return
    try:
        with open_sigma(settings) as client:
            said = _sight(settings, client)
            publishing = publishing_finding(client, settings)
    except SyncError as error:
        yield Finding(Mark.BAD, _SUBJECT, str(error))
        return
    yield Finding(Mark.GOOD, _SUBJECT, said)
    left_out = _unconnected(settings)
    if left_out:
        said = f"Nothing is sent for {', '.join(left_out)}: no connection is named."
        yield Finding(Mark.NOTE, _SUBJECT, said, "Add project_id=name to SIGMA_CONNECTION.")
    yield publishing


def _sight(settings: Settings, client: SigmaClient) -> str:
    account_type = client.whoami().account_type
    whose = f" of account type {account_type}" if account_type else ""
    names = dict.fromkeys(connections_by_project(settings.sigma_connection).values())
    found = [client.connection(name) for name in names]
    listed = " and ".join(f"{one.name} ({one.type})" for one in found)
    return f"{settings.sigma_api_host} accepts the credentials{whose}; it has {listed}."


def _unconnected(settings: Settings) -> list[str]:
    """Name the projects that no connection is for; when dbt Cloud cannot say, those configured."""
    if None in connections_by_project(settings.sigma_connection):
        return []
    projects = {
        project_id: f"project {project_id}" for project_id in settings.dbt_cloud_project_ids
    }
    if not settings.is_demo:
        try:
            with open_client(settings) as client:
                projects = {
                    project.id: f"project {project.name} ({project.id})"
                    for project in client.projects()
                    if not projects or project.id in projects
                }
        except ServiceError:  # the line about dbt Cloud says so already
            pass
    return [name for number, name in projects.items() if not settings.sigma_connection_of(number)]
