"""Projects, environments and jobs: listed once a day, and when a run names one nobody knows."""

from collections.abc import Collection, Iterable

from sigma_dbt_sync.artifacts.account import AccountObjects
from sigma_dbt_sync.artifacts.run_entry import Run
from sigma_dbt_sync.dbt_cloud import DbtCloudClient


def list_objects(client: DbtCloudClient, project_ids: Collection[int]) -> AccountObjects:
    """List all there is; environments only of the projects wanted (none named: all)."""
    projects = client.projects()
    of = [project.id for project in projects if not project_ids or project.id in project_ids]
    return AccountObjects(
        projects=tuple(projects),
        environments=tuple(each for key in of for each in client.environments(key)),
        jobs=tuple(client.jobs()),
    )


def unknown_ids(objects: AccountObjects, runs: Iterable[Run]) -> set[int]:
    """Find the ids that runs name and no list has."""
    known = {listed.id for listed in (*objects.projects, *objects.environments, *objects.jobs)}
    named = {key for run in runs for key in (run.project_id, run.environment_id, run.job_id)}
    return {key for key in named if key} - known
