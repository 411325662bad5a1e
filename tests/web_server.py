"""Dagster's web server, asked over HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx

LOCATION = "sigma_dbt_sync"

_LAUNCH = """
mutation ($location: String!, $job: String!) {
  launchRun(executionParams: {selector: {
    repositoryLocationName: $location, repositoryName: "__repository__", jobName: $job}}
  ) { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}
"""
_STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_ASSETS = "{ assetNodes { assetKey { path } } }"


@dataclass(frozen=True)
class WebServer:
    """One that runs, or is about to."""

    url: str

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return httpx.get(f"{self.url}/server_info", timeout=10, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def ask(self, query: str, **variables: str) -> dict[str, Any]:
        """Ask GraphQL."""
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            timeout=60,
            trust_env=False,
        )
        return answer.raise_for_status().json()["data"]

    def launch(self, job: str) -> str:
        """Launch a job; give the id of the run."""
        launched = self.ask(_LAUNCH, location=LOCATION, job=job)["launchRun"]
        return launched["run"]["runId"]

    def status(self, run_id: str) -> str:
        """Say how a run is."""
        return self.ask(_STATUS, id=run_id)["runOrError"]["status"]

    def dbt_nodes(self) -> list[str]:
        """List the keys of dbt's relations that are shown now."""
        keys = [node["assetKey"]["path"] for node in self.ask(_ASSETS)["assetNodes"]]
        return ["/".join(key) for key in keys if key[0] == "dbt"]
