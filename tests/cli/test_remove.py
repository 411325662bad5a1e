"""`remove`: what it drops, what it keeps, and what it says."""

import duckdb


def tables_in(folder) -> int:
    with duckdb.connect(folder / "data/dbt_metadata.duckdb", read_only=True) as con:
        return con.execute("select count(*) from duckdb_tables()").fetchall()[0][0]


def test_tables_go_and_the_archive_stays(run, synced):
    before = tables_in(synced)
    done = run("remove", "--yes")

    assert done.exit_code == 0
    assert (before > 0, tables_in(synced)) == (True, 0)
    assert (synced / "data/archive").exists()
    assert "revoke" in done.stdout


def test_after_it_a_sync_makes_the_tables_again_from_the_archive(run, run_json, synced):
    run("remove", "--yes")
    report = run_json("sync")

    assert report["runs_loaded"] > 0
    assert report["extracted"]["artifacts_found"] == 0
    assert run("show", "customers").exit_code == 0


def test_the_archive_goes_when_asked(run, synced):
    (synced / "data/archive/notes.txt").write_text("somebody else's")
    done = run("remove", answers="y\ny\n")

    assert done.exit_code == 0
    assert [path.name for path in (synced / "data/archive").iterdir()] == ["notes.txt"]
    assert not (synced / "data/demo_account.json").exists()


def test_a_no_keeps_everything(run, synced):
    before = tables_in(synced)
    done = run("remove", answers="n\n")

    assert done.exit_code == 1
    assert tables_in(synced) == before


def test_where_nothing_is_nothing_fails(run):
    done = run("remove", "--yes")

    assert done.exit_code == 0
    assert "nothing to drop" in done.stdout


def test_it_may_be_said_twice_and_the_rest_still_answers(run, synced):
    run("remove", "--yes")

    assert run("remove", "--yes").exit_code == 0
    assert run("check").exit_code == 0
    shown = run("show", "customers")
    assert (shown.exit_code, "sigma-dbt-sync sync" in shown.stderr) == (1, True)
