"""docs/deploy.md names files, secrets and probes that are there."""

import re

import pytest
import yaml

from tests.deploy.cluster import FOLDER, container, manifests
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
