"""A stand-in for the part of Kubernetes that Dagster uses: Jobs, whose pods are processes here.

What it assumes of the real one: a Job that is posted is answered with itself; its pod runs the
container's `args` with `env` and the variables of the secrets that `envFrom` names; its status
counts pods as active, succeeded or failed. It knows no scheduler, image, volume, quota or right, so
none of those is shown by it.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from types import SimpleNamespace
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.processes import ROOT, end, running

FOLDER = ROOT / "docs" / "deploy" / "kubernetes"
NAMESPACE = "dagster"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"


class Cluster:
    """Jobs, and the processes that are their pods."""

    def __init__(
        self,
        secrets: Mapping[str, Mapping[str, str]],
        pod_environment: Callable[[Mapping[str, str]], Mapping[str, str]],
        folder: Path,
        pods: ExitStack,
    ) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.app = Starlette(
            routes=[
                Route(JOBS, self._post, methods=["POST"]),
                Route(JOBS, self._list),
                Route(JOBS + "/{name}/status", self._read),
                Route(JOBS + "/{name}", self._delete, methods=["DELETE"]),
                Route(PODS, self._nothing),
                Route(EVENTS, self._nothing),
            ]
        )
        self._secrets = secrets
        self._pod_environment = pod_environment
        self._folder = folder
        self._pods = pods
        self._processes: dict[str, Popen[bytes]] = {}

    def log(self) -> str:
        """Read what every pod printed."""
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))

    def active(self) -> list[str]:
        """Name the jobs whose pod runs."""
        return [name for name, process in self._processes.items() if process.poll() is None]

    async def _post(self, request: Request) -> JSONResponse:
        job = await request.json()
        name = job["metadata"]["name"]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        variables: dict[str, str] = {}
        for source in container.get("envFrom", []):
            variables.update(self._secrets[source["secretRef"]["name"]])
        for variable in container["env"]:
            variables[variable["name"]] = variable["value"]
        self.jobs[name] = job
        self._processes[name] = self._pods.enter_context(
            running(
                container["args"], self._pod_environment(variables), self._folder / f"{name}.log"
            )
        )
        return JSONResponse(job, status_code=201)

    async def _list(self, _: Request) -> JSONResponse:
        return JSONResponse({"items": [self._job(name) for name in self.jobs]})

    async def _read(self, request: Request) -> JSONResponse:
        name = request.path_params["name"]
        if name not in self.jobs:
            return JSONResponse({"reason": "NotFound"}, status_code=404)
        return JSONResponse(self._job(name))

    async def _delete(self, request: Request) -> JSONResponse:
        end(self._processes[request.path_params["name"]])
        return JSONResponse({"status": "Success"})

    async def _nothing(self, _: Request) -> JSONResponse:
        return JSONResponse({"items": []})

    def _job(self, name: str) -> dict[str, Any]:
        ended = self._processes[name].poll()
        counted = "active" if ended is None else "failed" if ended else "succeeded"
        return {**self.jobs[name], "status": {counted: 1}}


def kubeconfig(url: str, path: Path) -> Path:
    """Write the file that leads a Kubernetes client to a cluster without a login."""
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "here", "cluster": {"server": url}}],
                "users": [{"name": "nobody", "user": {}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "nobody"}}],
                "current-context": "here",
            }
        )
    )
    return path


def manifests() -> list[dict[str, Any]]:
    """Read every Kubernetes object of ours; kustomization.yaml says which files hold some."""
    names = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    return [each for name in names for each in yaml.safe_load_all((FOLDER / name).read_text())]


def named(kind: str, name: str) -> dict[str, Any]:
    """Find one object."""
    return next(
        each for each in manifests() if each["kind"] == kind and each["metadata"]["name"] == name
    )


def container(name: str) -> dict[str, Any]:
    """Find the only container of a deployment."""
    (only,) = named("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return only


def answer(content: Mapping[str, Any]) -> SimpleNamespace:
    """Put an object as the client of Kubernetes reads one."""
    return SimpleNamespace(data=json.dumps(content))
