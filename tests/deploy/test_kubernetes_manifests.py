"""The manifests for Kubernetes, held against Kubernetes' own object model."""

import shutil
import subprocess

import kubernetes.client
import pytest
import yaml

from tests.deploy.cluster import FOLDER, NAMESPACE, answer, container, manifests, named

MODELS = {
    "ServiceAccount": "V1ServiceAccount",
    "Role": "V1Role",
    "RoleBinding": "V1RoleBinding",
    "Deployment": "V1Deployment",
    "Service": "V1Service",
}
ASKED = {
    ("batch", "jobs"): {"create", "get", "list", "delete"},
    ("batch", "jobs/status"): {"get"},
    ("", "pods"): {"get", "list", "delete"},
    ("", "pods/log"): {"get"},
    ("", "events"): {"list"},
}
"""What dagster_k8s.client asks of the API server (0.29)."""


@pytest.mark.parametrize(
    "manifest", manifests(), ids=lambda each: f"{each['kind']} {each['metadata']['name']}"
)
def test_kubernetes_knows_every_field_of_a_manifest(manifest):
    """Reading into Kubernetes' model drops what it does not know, and refuses what is missing."""
    api = kubernetes.client.ApiClient()
    known = api.deserialize(answer(manifest), MODELS[manifest["kind"]])

    assert api.sanitize_for_serialization(known) == manifest


def test_the_account_may_do_what_dagster_asks_and_little_more():
    rules = named("Role", "dagster")["rules"]
    allowed = {
        (group, resource): set(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }

    assert allowed.keys() == ASKED.keys()
    assert all(allowed[what] >= verbs for what, verbs in ASKED.items())
    assert "*" not in {verb for verbs in allowed.values() for verb in verbs}


@pytest.mark.parametrize("name", ["code-server", "dagster-webserver", "dagster-daemon"])
def test_a_pod_runs_unprivileged_and_only_the_code_server_holds_tokens(name):
    pod = named("Deployment", name)["spec"]["template"]["spec"]
    secrets = {source["secretRef"]["name"] for source in container(name)["envFrom"]}

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container(name)["securityContext"]["allowPrivilegeEscalation"] is False
    assert ("sigma-dbt-sync" in secrets) is (name == "code-server")
    assert pod.get("automountServiceAccountToken", False) is (name != "code-server")


def test_there_is_never_a_second_daemon():
    spec = named("Deployment", "dagster-daemon")["spec"]

    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_kustomize_gives_runs_the_image_of_the_code_server():
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    built = subprocess.run(
        ["kubectl", "kustomize", FOLDER], check=True, capture_output=True, text=True
    ).stdout
    objects = list(yaml.safe_load_all(built))
    (code_server,) = [
        each["spec"]["template"]["spec"]["containers"][0]
        for each in objects
        if each["kind"] == "Deployment" and each["metadata"]["name"] == "code-server"
    ]
    (current,) = [e["value"] for e in code_server["env"] if e["name"] == "DAGSTER_CURRENT_IMAGE"]

    assert {each["metadata"]["namespace"] for each in objects} == {NAMESPACE}
    assert current == code_server["image"] == "registry.example/sigma-dbt-sync:0.1.0"
    assert "dagster-instance" in {
        each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"
    }
