"""What every file of this project keeps to, so that no review has to say it."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import median

import pytest
import zstandard

from sigma_dbt_sync.settings import Settings

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sigma_dbt_sync"
MODULES = sorted(PACKAGE.rglob("*.py"))
NOT_OURS = re.compile(r"^(\.git|\.venv.*|\..*_cache|__pycache__|data|dist|build|node_modules)$")
PINNED = re.compile(r"^[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; [^/:@]+)?$")
MACHINE_PATH = re.compile(r"(?<![\w.$~})>-])/(?:work|root|home)/")


@cache
def files() -> list[Path]:
    """List what is in git or about to be; the tree itself where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        found = [
            p for p in ROOT.rglob("*") if not any(map(NOT_OURS.match, p.parts[len(ROOT.parts) :]))
        ]
    else:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    return sorted(path for path in found if path.is_file())


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def undocumented(node: ast.Module | ast.ClassDef, where: str) -> list[str]:
    """Name the public functions and classes below `node` that say nothing about themselves."""
    found: list[str] = []
    for child in node.body:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if child.name.startswith("_"):
            continue
        name = f"{where}.{child.name}"
        if not ast.get_docstring(child):
            found.append(name)
        if isinstance(child, ast.ClassDef):
            found += undocumented(child, name)
    return found


def test_no_source_file_grows_past_400_lines():
    long = {relative(p): n for p in files() if p.suffix == ".py" and (n := lines(p)) > 400}

    assert long == {}


def test_half_of_the_modules_are_at_most_120_lines():
    assert median(lines(path) for path in MODULES) <= 120


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_and_all_it_offers_is_documented(path):
    module = ast.parse(path.read_text(encoding="utf-8"))

    assert ast.get_docstring(module), "the module says nothing about itself"
    assert undocumented(module, path.stem) == []


def test_no_module_is_named_after_nothing():
    nothing = {"common", "helper", "helpers", "misc", "util", "utils"}

    assert [relative(p) for p in files() if p.suffix == ".py" and p.stem in nothing] == []
    assert [relative(p) for p in PACKAGE.rglob("*") if p.is_dir() and p.name in nothing] == []


def test_every_setting_is_in_the_readme():
    readme = text("README.md")
    names = {
        str(field.validation_alias or name).upper() for name, field in Settings.model_fields.items()
    }

    assert sorted(name for name in names if not re.search(rf"\b{name}\b", readme)) == []


def test_every_setting_says_what_it_is():
    fields = Settings.model_fields.items()

    assert [name for name, field in fields if not (field.description or "").endswith(".")] == []


@pytest.mark.parametrize("command", ["make run", "make test"])
def test_the_readme_names_the_command(command):
    assert command in text("README.md")


def test_the_changelog_has_a_place_for_the_next_change():
    assert "## [Unreleased]" in text("CHANGELOG.md")


def test_data_flows_one_way():
    """Every import contract of pyproject.toml holds."""
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_lock_pins_every_package_and_names_no_place_to_get_it_from():
    locked = [line for line in text("constraints.txt").splitlines() if not line.startswith("#")]

    assert [line for line in locked if not PINNED.match(line)] == []


def test_no_file_names_a_path_of_somebodys_machine():
    found: list[str] = []
    for path in files():
        content = path.read_bytes()
        if path.suffix == ".zst":
            content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
        if b"\0" in content:
            continue
        written = content.decode("utf-8", errors="replace").splitlines()
        found += [
            f"{relative(path)}:{number}"
            for number, line in enumerate(written, start=1)
            if MACHINE_PATH.search(line)
        ]

    assert found == []
