"""The image: what can be said of it where no image can be built."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.deploy.cluster import container
from tests.processes import ROOT

FOLDER = ROOT / "docs" / "deploy"
DOCKERFILE = FOLDER / "Dockerfile"
TEXT = DOCKERFILE.read_text()
UNITS = sorted((FOLDER / "systemd").glob("*.service"))
COMPOSE = yaml.safe_load((FOLDER / "compose" / "compose.yaml").read_text())["services"]


def list_after(instruction):
    """Read the words of an instruction in JSON form, with long options in place of short ones."""
    words = json.loads(re.findall(rf"{instruction} (\[.*\])$", TEXT, re.MULTILINE)[-1])
    joined = " ".join(words)
    for short, long in (("-h ", "--host="), ("-p ", "--port="), ("-m ", "--module-name=")):
        joined = joined.replace(short, long)
    return joined.replace("--location-name ", "--location-name=").split()


def test_the_linter_of_dockerfiles_has_nothing_to_say():
    linted = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), DOCKERFILE],
        check=False,
        capture_output=True,
        text=True,
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_everything_that_is_copied_exists_and_is_not_ignored():
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("--")
    ]

    assert "*" in ignored
    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert {f"!{source}" for source in copied} == {row for row in ignored if row.startswith("!")}


def test_the_image_is_the_same_code_server_everywhere():
    words = list_after("^CMD")

    assert words == container("code-server")["args"]
    assert COMPOSE["code-server"]["command"][-1].endswith("exec " + " ".join(words))
    assert list_after(" CMD") == COMPOSE["code-server"]["healthcheck"]["test"][1:]


def test_the_image_runs_as_nobody_special():
    assert re.findall(r"^USER (.*)$", TEXT, re.MULTILINE) == ["10001"]


def test_every_version_of_the_image_is_locked():
    extras = re.search(r"^ARG EXTRAS=(.*)$", TEXT, re.MULTILINE)[1].split(",")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["gcs"]]
    asked += [each for extra in extras for each in project["optional-dependencies"][extra]]
    asked += project["optional-dependencies"]["azure"]
    names = {re.match(r"[\w.-]+", each)[0].lower() for each in asked}
    lock = (ROOT / "constraints.txt").read_text().splitlines()
    locked = {line.partition("==")[0].lower().replace("_", "-") for line in lock}

    assert names - locked == set()
    assert TEXT.count("pip install") == TEXT.count("--constraint constraints.txt")


def test_the_units_see_each_others_sockets():
    """Where one does not, it takes the other's runs for left behind: orchestration/left_behind."""
    daemon, webserver = (unit.read_text() for unit in UNITS)

    assert "PrivateTmp=yes" in daemon
    assert "PrivateTmp=yes" in webserver
    assert "JoinsNamespaceOf=sigma-dbt-sync-daemon.service" in webserver


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.stem)
def test_systemd_takes_the_units(unit, tmp_path):
    """Paths are moved to this environment: `verify` wants the programs to exist."""
    moved = unit.read_text().replace(
        "/opt/sigma-dbt-sync/.venv/bin", str(Path(sys.executable).parent)
    )
    (tmp_path / unit.name).write_text(moved)
    try:
        verified = subprocess.run(
            ["systemd-analyze", "verify", tmp_path / unit.name],
            check=False,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")

    assert unit.name not in verified.stdout + verified.stderr
    assert verified.returncode == 0, verified.stderr
