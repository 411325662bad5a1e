"""documentation_coverage and data_quality of projects that are not the demo's: as counted by hand.

Runs of dbt Core and of dbt Fusion lie beside the repository, where there are any. Each is served as
a run of dbt Cloud's, archived and loaded as every other.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from sigma_dbt_sync.demo import company, serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.plot import CANCELLED, ERROR, SUCCESS
from sigma_dbt_sync.demo.runs import Run
from sigma_dbt_sync.demo.story import Artifact, Recording, Step, keep_blob
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync import run_sync
from tests.views import by_hand

OURS = Path(__file__).parents[2] / ".." / "shared" / "artifacts" / "ours"
PROJECTS = sorted(path for path in OURS.glob("*") if path.is_dir())
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST_RUN = datetime(2026, 11, 23, 9, tzinfo=UTC)
COVERAGE = (
    "is_described, columns_total, columns_documented, columns_missing, columns_persisted, "
    "columns_not_persisted, columns_unverified, columns_mismatched, columns_gone, is_complete"
)
OUTCOMES = ("passing", "warning", "failing", "never_run")

pytestmark = pytest.mark.skipif(not PROJECTS, reason="no recorded projects beside the repository")


def recording(folder: Path, number: int, blobs: Path) -> Recording:
    """Take one folder of artifacts for a run of the daily job."""
    commands = json.loads((folder / "summary.json").read_text())
    began = FIRST_RUN + timedelta(minutes=number)
    steps = []
    for told in commands:
        (place,) = [*folder.glob(f"step_{told['step']:02}_*"), None][:1]
        files = sorted(place.iterdir()) if place else ()
        artifacts = {
            file.name: Artifact(keep_blob(blobs, file.read_bytes()), written=True) for file in files
        }
        name = f"Invoke dbt with `{told['cmd']}`"
        status = ERROR if told["rc"] else SUCCESS
        steps.append(
            Step(told["step"] + 3, name, status, began, began, told["cmd"], artifacts=artifacts)
        )
    is_cancelled = "cancelled" in folder.name
    return Recording(
        name=folder.name,
        run_id=70403104600000 + number,
        job_id=company.DAILY.id,
        before_now_seconds=0,
        status=CANCELLED if is_cancelled else max(step.status for step in steps),
        seen_as=None,
        message=None,
        cause="scheduled",
        git_branch="main",
        git_sha=f"{number:040x}",
        pull_request=None,
        schema_override=None,
        deferring_run_id=None,
        created_at=began,
        started_at=began,
        finished_at=began + timedelta(seconds=50),
        steps=tuple(steps),
    )


@pytest.fixture(scope="module", params=PROJECTS, ids=lambda path: path.name)
def project(request, tmp_path_factory):
    return request.param


@pytest.fixture(scope="module")
def rows(project, tmp_path_factory):
    """Sync the project's runs, and ask for rows of views."""
    folder = tmp_path_factory.mktemp("project")
    account = Account((), anchor=NOW)
    for number, place in enumerate(sorted(project.glob("run_*"))):
        told = recording(place, number, folder)
        account.runs[told.run_id] = Run(
            told.run_id, told, told.created_at, told.status, folder=folder
        )
    with serve.running(account) as server:
        settings = load_settings(
            _env_file=None,
            dbt_cloud_api_host=server.url,
            dbt_cloud_service_token=TOKEN,
            dbt_cloud_account_id=ACCOUNT_ID,
            duckdb_path=folder / "warehouse.duckdb",
            archive_url=str(folder / "archive"),
        )
        report = run_sync(settings, clock=lambda: NOW)
    assert report.warnings == []
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as con:
        con.execute("SET schema = 'dbt_metadata'")

        def ask(columns, view):
            found = con.execute(f"SELECT unique_id, {columns} FROM {view}")
            names = [column[0] for column in found.description]
            return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found.fetchall()}

        yield ask


def files(project, name):
    """All files of that name, oldest first."""
    return [json.loads(path.read_text()) for path in sorted(project.glob(f"run_*/step_*/{name}"))]


def in_force(project):
    """The manifest of the newest command that builds, wherever the newest run has one."""
    newest = {}
    for path in sorted(project.glob("run_*/step_*/run_results.json")):
        if json.loads(path.read_text())["args"]["which"] in by_hand.BUILDING:
            newest[path.parents[1]] = path.with_name("manifest.json")
    return json.loads(newest[max(newest)].read_text())


def test_coverage_is_what_a_person_counts(project, rows):
    expected = by_hand.documented(in_force(project), files(project, "catalog.json")[-1])

    assert rows(COVERAGE, "documentation_coverage") == expected
    assert sum(one["columns_persisted"] for one in expected.values()) > 0
    assert sum(one["columns_missing"] for one in expected.values()) > 0


def test_quality_is_what_a_person_counts(project, rows):
    last = by_hand.last_results(files(project, "run_results.json"))
    expected = by_hand.tested(in_force(project), last)
    found = rows(", ".join(f"tests_{name}" for name in OUTCOMES), "data_quality")

    assert {
        uid: {name: row[f"tests_{name}"] for name in OUTCOMES if row[f"tests_{name}"]}
        for uid, row in found.items()
        if any(row.values())
    } == {uid: dict(counts) for uid, counts in expected.items() if uid in found}
    assert sum(sum(counts.values()) for counts in expected.values()) > 10
