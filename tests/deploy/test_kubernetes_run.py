"""A run on Kubernetes is a Job of its own, started by Dagster's launcher as our files configure it.

No cluster is at hand here: the code server, the daemon and the pods of runs are processes that do
what the manifests, and the Jobs that Dagster posts, say.
"""

from contextlib import ExitStack

import dagster as dg
import grpc
import kubernetes.client
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import TOKEN
from tests.deploy.cluster import FOLDER, Cluster, answer, container, kubeconfig
from tests.deploy.services import Service, moved, on_path
from tests.processes import free_port, running, wait_until

IMAGE = "registry.example/sigma-dbt-sync:1"
STARTS_WITHIN = 240.0
RUN_ENDS_WITHIN = 300.0
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]


def words(name, places):
    """Read the words of a container, with other paths, ports and hosts."""
    return moved("\n".join(container(name)["args"]), places).split("\n")


def grpc_is_healthy(port):
    """Ask the code server as the kubelet does."""
    service = container("code-server")["readinessProbe"]["grpc"]["service"]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            told = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        except grpc.RpcError:
            return False
    return told.status == health_pb2.HealthCheckResponse.SERVING


class Deployment:
    """Our files for Kubernetes, written for one folder of this machine."""

    def __init__(self, folder, base, secrets):
        self.folder = folder
        self.base = base
        self.secrets = secrets
        self.home = folder / "dagster_home"
        self.port = free_port()
        self.pods = folder / "pods"
        for each in (self.home, self.pods):
            each.mkdir()
        self._write("workspace.yaml", folder, ("host: code-server", "host: 127.0.0.1"), "4000")
        # Where a pod has its account's token, the daemon here has a kubeconfig. Runs get neither:
        # they ask Kubernetes nothing.
        self._write(
            "dagster.yaml",
            self.home,
            ("    job_namespace:", "    load_incluster_config: false\n    job_namespace:"),
            ("/opt/dagster/dagster_home", str(self.home)),
        )

    def _write(self, name, place, *changes):
        pairs = [(c, str(self.port)) if isinstance(c, str) else c for c in changes]
        (place / name).write_text(moved((FOLDER / name).read_text(), pairs))

    def pod(self, variables):
        """Make the environment of a pod: what it is given, and the programs of the image."""
        return on_path({**self.base, **variables})

    def code_server(self):
        """Make the service of the code server's container."""
        places = [("--port=4000", f"--port={self.port}"), ("--host=0.0.0.0", "--host=127.0.0.1")]
        given = {"DAGSTER_HOME": str(self.home), "DAGSTER_CURRENT_IMAGE": IMAGE}
        for source in container("code-server")["envFrom"]:
            given.update(self.secrets[source["secretRef"]["name"]])
        return Service(words("code-server", places), self.pod(given), None)

    def daemon(self, cluster):
        """Make the service of the daemon's container, which alone reaches the cluster."""
        there = "/opt/dagster/workspace/workspace.yaml"
        probe = container("dagster-daemon")["livenessProbe"]["exec"]["command"]
        given = {"DAGSTER_HOME": str(self.home), "KUBECONFIG": str(cluster)}
        for source in container("dagster-daemon")["envFrom"]:
            given.update(self.secrets[source["secretRef"]["name"]])
        command = words("dagster-daemon", [(there, str(self.folder / "workspace.yaml"))])
        return Service(command, self.pod(given), probe)

    def log(self, name):
        return self.folder / f"{name}.log"

    def logs(self, cluster):
        """Read what everything printed."""
        ours = [self.log(name).read_text() for name in ("code-server", "daemon")]
        return "\n".join([*ours, cluster.log()])


@pytest.fixture(scope="module")
def deployment(tmp_path_factory, database, bare, dbt_cloud):
    folder = tmp_path_factory.mktemp("kubernetes")
    ours = {
        **dbt_cloud,
        "DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        "ARCHIVE_URL": str(folder / "archive"),
        "SYNC_CRON": "* * * * *",
    }
    return Deployment(folder, bare, {"dagster-postgres": database, "sigma-dbt-sync": ours})


@pytest.fixture(scope="module")
def cluster(deployment):
    """Start a stand-in cluster, the code server and the daemon, each healthy before the next."""
    with ExitStack() as stack:
        pods = stack.enter_context(ExitStack())
        made = Cluster(deployment.secrets, deployment.pod, deployment.pods, pods)
        api = stack.enter_context(serve.serving(made.app))
        code = deployment.code_server()
        daemon = deployment.daemon(kubeconfig(api.url, deployment.folder / "kubeconfig"))
        for name, service, healthy in (
            ("code-server", code, lambda: grpc_is_healthy(deployment.port)),
            ("daemon", daemon, daemon.is_healthy),
        ):
            log = deployment.log(name)
            stack.enter_context(
                running(service.command, service.environment, log, cwd=deployment.folder)
            )
            wait_until(healthy, STARTS_WITHIN, otherwise=log.read_text)
        yield made


@pytest.fixture(scope="module")
def instance(deployment, cluster):
    """Open the deployment's instance as a pod without the cluster's token does."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in deployment.secrets["dagster-postgres"].items():
            patch.setenv(name, value)
        with dg.DagsterInstance.from_config(str(deployment.home)) as opened:
            yield opened


@pytest.fixture(scope="module")
def run(deployment, cluster, instance):
    """Wait for the first sync that the daemon starts by itself."""

    def over():
        return instance.get_runs(dg.RunsFilter(statuses=OVER))

    wait_until(over, RUN_ENDS_WITHIN, otherwise=lambda: deployment.logs(cluster))
    return over()[-1]


def test_a_scheduled_sync_succeeds_in_a_pod_of_its_own(deployment, cluster, run):
    assert run.status is dg.DagsterRunStatus.SUCCESS, deployment.logs(cluster)
    assert run.tags["dagster/schedule_name"] == "dbt_metadata_schedule"
    assert f"dagster-run-{run.run_id}" in cluster.jobs


def test_the_job_has_the_image_secrets_and_limits_that_the_files_say(cluster, run):
    job = cluster.jobs[f"dagster-run-{run.run_id}"]
    pod = job["spec"]["template"]["spec"]
    (worker,) = pod["containers"]

    assert worker["image"] == IMAGE
    assert worker["args"][:3] == ["dagster", "api", "execute_run"]
    assert [source["secretRef"]["name"] for source in worker["envFrom"]] == [
        "dagster-postgres",
        "sigma-dbt-sync",
    ]
    assert {"name": "DAGSTER_WEBSERVER_URL", "value": "http://dagster-webserver"} in worker["env"]
    assert worker["resources"]["limits"] == {"memory": "4Gi"}
    assert worker["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["serviceAccountName"] == "dagster"
    assert job["spec"]["ttlSecondsAfterFinished"] == 86400


def test_kubernetes_knows_every_field_of_the_job(cluster, run):
    job = cluster.jobs[f"dagster-run-{run.run_id}"]
    api = kubernetes.client.ApiClient()

    assert api.sanitize_for_serialization(api.deserialize(answer(job), "V1Job")) == job


def test_no_token_is_in_a_job_or_in_a_log(deployment, cluster, run):
    assert TOKEN not in str(cluster.jobs)
    assert TOKEN not in deployment.logs(cluster)
