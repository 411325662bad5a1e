"""What sync_health tells: on the demo account, and after each kind of damage."""

import duckdb
import pytest

from sigma_dbt_sync import __version__, tables
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync import run_sync
from tests.views.conftest import NOW
from tests.views.made_up import hours_ago, row

BUILD = 5
"""The step of the run `tonight` that builds."""


class Health:
    """A deployment with damage, and what its view says."""

    def __init__(self, folder):
        self.folder = folder
        self.account = Account(read_story(), anchor=NOW)
        self.tonight = self.account.run("tonight")

    def replace(self, path, change, step=BUILD):
        """Serve an artifact of tonight's run with other bytes."""
        self.account.replace_artifact(
            self.tonight.id, step, path, change(self.tonight.artifact(path, step))
        )

    def rows(self):
        with serve.running(self.account) as server:
            chosen = load_settings(
                _env_file=None,
                dbt_cloud_api_host=server.url,
                dbt_cloud_service_token=TOKEN,
                dbt_cloud_account_id=ACCOUNT_ID,
                duckdb_path=self.folder / "warehouse.duckdb",
                archive_url=str(self.folder / "archive"),
            )
            run_sync(chosen, clock=lambda: NOW)
        with duckdb.connect(self.folder / "warehouse.duckdb", read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            found = con.execute("SELECT * FROM dbt_metadata.sync_health")
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def of_tonight(self):
        """(step, artifact, problem) to detail, of tonight's run."""
        return {
            (row["step_index"], row["artifact"], row["problem"]): row["detail"]
            for row in self.rows()
            if row["run_id"] == self.tonight.id
        }


@pytest.fixture
def health(tmp_path):
    return Health(tmp_path)


def test_the_newest_sync_has_one_row(rows):
    (row,) = rows("SELECT * FROM sync_health WHERE run_id IS NULL")

    assert (row["problem"], row["last_sync_at"]) == ("none", NOW)
    assert row["package_version"] == __version__
    assert row["detail"].endswith("runs without a warning.")


def test_of_several_syncs_the_newest_is_told(ask):
    """The newest is the one that ended last, whatever their ids say."""
    syncs = [
        row(tables.SYNC_LOADS, load_id=name, finished_at=hours_ago(n), runs_loaded=n, warnings="[]")
        for name, n in (("z", 9), ("a", 2), ("m", 5))
    ]
    (found,) = ask("sync_health", *syncs)

    assert found["last_sync_at"] == hours_ago(2)
    assert found["detail"] == "Loaded 2 runs without a warning."


def test_every_row_says_which_sync_it_was_and_why(rows):
    found = rows("SELECT * FROM sync_health")

    assert {(row["account_id"], row["last_sync_at"]) for row in found} == {(ACCOUNT_ID, NOW)}
    assert all(row["detail"] for row in found)


def test_of_a_healthy_file_there_is_no_row(rows):
    found = rows("SELECT problem, count(*) AS n FROM sync_health GROUP BY problem")
    counts = {row["problem"]: row["n"] for row in found}
    (missing,) = rows("SELECT count(*) AS n FROM sync_artifacts WHERE state = 'missing'")

    assert counts == {"none": 1, "missing": missing["n"]}


def test_a_problem_names_its_run_and_environment(rows):
    (row, *_) = rows("SELECT * FROM sync_health WHERE problem = 'missing'")

    assert row["run_url"].endswith(f"/runs/{row['run_id']}/")
    assert row["environment_name"]
    assert row["run_started_at"] < NOW


def test_a_damaged_file_is_unreadable_and_warned_about(health):
    health.replace("run_results.json", lambda data: data[:100])
    found = health.rows()

    (row,) = [row for row in found if row["problem"] == "unreadable"]
    assert (row["step_index"], row["artifact"]) == (BUILD, "run_results")
    assert "not valid JSON" in row["detail"]
    (sync,) = [row for row in found if row["run_id"] is None]
    assert sync["problem"] == "sync_warnings"
    assert str(health.tonight.id) in sync["detail"]


def test_a_file_that_may_still_come_is_open(health):
    health.account.hide_artifacts(health.tonight.id, BUILD)

    assert (BUILD, "run_results", "open") in health.of_tonight()


def test_a_file_that_is_too_large_to_keep_is_oversized(health, monkeypatch):
    monkeypatch.setitem(Archive.__init__.__kwdefaults__, "max_blob_size", 100_000)

    assert "larger than" in health.of_tonight()[BUILD, "manifest", "oversized"]


def test_a_newer_version_and_unknown_keys_are_two_problems(health):
    health.replace(
        "run_results.json",
        lambda data: data.replace(b"run-results/v6.json", b"run-results/v99.json").replace(
            b'"status"', b'"cost":1,"status"'
        ),
    )

    assert health.of_tonight() == {
        (BUILD, "run_results", "newer_version"): (
            "newer than this version knows (v99); read as v6"
        ),
        (BUILD, "run_results", "unknown_keys"): '["results.cost"]',
    }
