"""Every dagster.yaml of ours is one that Dagster takes, and they differ only where they must."""

import shutil

import dagster as dg
import pytest
import yaml
from dagster_k8s import K8sRunLauncher

from tests.deploy.cluster import kubeconfig
from tests.processes import ROOT

LOCAL = ROOT / "dagster_home" / "dagster.yaml"
COMPOSE = ROOT / "docs" / "deploy" / "compose" / "dagster.yaml"
KUBERNETES = ROOT / "docs" / "deploy" / "kubernetes" / "dagster.yaml"


def read(path):
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize(
    ("path", "own"),
    [(COMPOSE, {"storage"}), (KUBERNETES, {"storage", "run_launcher", "compute_logs"})],
    ids=["compose", "kubernetes"],
)
def test_a_deployment_adds_to_the_local_instance_and_changes_nothing_of_it(path, own):
    local, deployed = read(LOCAL), read(path)

    assert {key: deployed[key] for key in local} == local
    assert deployed.keys() - local.keys() == own


@pytest.mark.parametrize("path", [LOCAL, COMPOSE, KUBERNETES], ids=["local", "compose", "k8s"])
def test_nothing_about_your_use_is_sent_to_anybody(path):
    assert read(path)["telemetry"] == {"enabled": False}
    assert read(path)["nux"] == {"enabled": False}


@pytest.mark.parametrize("path", [COMPOSE, KUBERNETES], ids=["compose", "k8s"])
def test_postgres_is_reached_by_variables_alone(path):
    database = read(path)["storage"]["postgres"]["postgres_db"]

    assert database.pop("scheme") == "postgresql+psycopg2"
    assert all(value.keys() == {"env"} for value in database.values())


@pytest.fixture
def variables(database, monkeypatch):
    """Set what leads to PostgreSQL."""
    for name, value in database.items():
        monkeypatch.setenv(name, value)


@pytest.mark.postgres
@pytest.mark.slow
def test_dagster_opens_the_instance_of_one_host(variables, tmp_path):
    shutil.copy(COMPOSE, tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        instance.add_dynamic_partitions("kept", ["in postgres"])

    with dg.DagsterInstance.from_config(str(tmp_path)) as again:
        assert again.get_dynamic_partitions("kept") == ["in postgres"]
        assert again.get_concurrency_config().pool_config.default_pool_limit == 1


@pytest.mark.postgres
@pytest.mark.slow
def test_dagster_opens_the_instance_of_kubernetes(variables, tmp_path):
    """Only the token of the cluster is replaced, which a pod has and this machine has not."""
    config = read(KUBERNETES)
    reached = kubeconfig("http://127.0.0.1:9", tmp_path / "kubeconfig")
    config["run_launcher"]["config"] |= {
        "load_incluster_config": False,
        "kubeconfig_file": str(reached),
    }
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        launcher = instance.run_launcher

    assert isinstance(launcher, K8sRunLauncher)
    assert launcher.service_account_name == "dagster"
    assert list(launcher.env_secrets) == ["dagster-postgres", "sigma-dbt-sync"]
