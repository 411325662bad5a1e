"""docs/deploy.md names files, secrets and probes that are there."""

import base64
import re
import shutil
import subprocess

import pytest
import yaml

from sigma_dbt_sync.cli.env_file import write_env_file
from tests.deploy.cluster import FOLDER, container, manifests
from tests.deploy.services import BIN
from tests.processes import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text()
LAUNCHER = yaml.safe_load((FOLDER / "dagster.yaml").read_text())["run_launcher"]["config"]


def test_every_link_leads_to_a_file_or_a_heading():
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    headings = {
        "#" + re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    broken = [
        link
        for link in links
        if not (link in headings if link.startswith("#") else (ROOT / "docs" / link).exists())
    ]

    assert links
    assert broken == []


def test_the_page_makes_every_secret_that_the_manifests_need():
    made = set(re.findall(r"create secret generic ([\w-]+)", PAGE))
    pods = [each for each in manifests() if each["kind"] == "Deployment"]
    needed = set(re.findall(r"'(?:name|secretName)': '([\w-]+)', 'optional'", str(pods)))
    needed |= {
        source["secretRef"]["name"]
        for pod in pods
        for source in container(pod["metadata"]["name"])["envFrom"]
    }

    assert made == needed | set(LAUNCHER["env_secrets"]) | {"snowflake-key"}


def test_the_page_sets_every_variable_of_the_database():
    read = re.findall(r"env: (DAGSTER_PG_[A-Z]+)", (FOLDER / "dagster.yaml").read_text())
    made = re.findall(r"--from-literal=(DAGSTER_PG_[A-Z]+)=", PAGE)

    assert sorted(made) == sorted(read)


@pytest.mark.parametrize("name", ["compose/compose.yaml", "kubernetes", "Dockerfile", "systemd"])
def test_the_page_leads_to_every_deployment(name):
    assert f"docs/deploy/{name}" in PAGE
    assert (ROOT / "docs" / "deploy" / name).exists()


def test_the_secret_holds_what_configure_wrote(tmp_path):
    """Kubectl takes a line's quotes for a part of the value, so they are taken off before."""
    assert "dotenv list --format=simple |" in PAGE
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    values = {"DBT_CLOUD_SERVICE_TOKEN": "dbtc_'x'$y #1==", "ARCHIVE_URL": "s3://bucket/a b"}
    write_env_file(tmp_path / ".env", values)
    listed = subprocess.run(
        [BIN / "dotenv", "list", "--format=simple"], cwd=tmp_path, check=True, capture_output=True
    ).stdout
    made = subprocess.run(
        [
            *("kubectl", "create", "secret", "generic", "sigma-dbt-sync", "--dry-run=client"),
            *("--output=yaml", "--from-env-file=/dev/stdin"),
        ],
        input=listed,
        check=True,
        capture_output=True,
    ).stdout
    held = yaml.safe_load(made)["data"]

    assert {name: base64.b64decode(value).decode() for name, value in held.items()} == values
