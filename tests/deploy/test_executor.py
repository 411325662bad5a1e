"""With DAGSTER_EXECUTOR=kubernetes the steps of a run are Jobs of their own."""

import subprocess
import sys
from contextlib import ExitStack

import pytest
import yaml

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.orchestration.executor import executor
from sigma_dbt_sync.settings import load_settings
from tests.deploy.cluster import FOLDER, Cluster, kubeconfig
from tests.deploy.services import BIN, on_path

IMAGE = "registry.example/sigma-dbt-sync:1"


@pytest.mark.parametrize(("value", "name"), [("in_process", "in_process"), ("kubernetes", "k8s")])
def test_the_setting_chooses_the_executor(value, name):
    assert executor(load_settings(_env_file=None, dagster_executor=value)).name == name


def test_without_its_package_the_setting_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dagster_k8s", None)
    settings = load_settings(_env_file=None, dagster_executor="kubernetes")

    with pytest.raises(ConfigurationError, match=r"sigma-dbt-sync\[kubernetes\]"):
        executor(settings)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_step_of_a_sync_runs_in_a_pod_of_its_own(tmp_path, database, bare, dbt_cloud):
    """The process that a test starts here stands for the pod of the run."""
    home, pods = tmp_path / "dagster_home", tmp_path / "pods"
    home.mkdir()
    pods.mkdir()
    with ExitStack() as stack:
        ours = {
            **dbt_cloud,
            "DAGSTER_EXECUTOR": "kubernetes",
            "DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
            "ARCHIVE_URL": str(tmp_path / "archive"),
        }
        secrets = {"dagster-postgres": database, "sigma-dbt-sync": ours}
        cluster = Cluster(secrets, lambda given: on_path({**bare, **given}), pods, stack)
        api = stack.enter_context(serve.serving(cluster.app))
        config = yaml.safe_load((FOLDER / "dagster.yaml").read_text())
        config["run_launcher"]["config"] |= {
            "load_incluster_config": False,
            "kubeconfig_file": str(kubeconfig(api.url, tmp_path / "kubeconfig")),
            "job_image": IMAGE,
            "dagster_home": str(home),
        }
        (home / "dagster.yaml").write_text(yaml.safe_dump(config))
        run = subprocess.run(
            [
                *(BIN / "dagster", "job", "execute", "-m", "sigma_dbt_sync.definitions"),
                *("-j", "dbt_metadata_sync"),
            ],
            env={**on_path({**bare, **database, **ours}), "DAGSTER_HOME": str(home)},
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )

    steps = {job["metadata"]["labels"]["dagster/op"] for job in cluster.jobs.values()}
    containers = [job["spec"]["template"]["spec"]["containers"][0] for job in cluster.jobs.values()]

    assert run.returncode == 0, run.stderr + cluster.log()
    assert steps == {"dbt_cloud_archive", "warehouse"}
    assert {container["image"] for container in containers} == {IMAGE}
    assert {container["args"][2] for container in containers} == {"execute_step"}
    assert (tmp_path / "warehouse.duckdb").stat().st_size > 0
