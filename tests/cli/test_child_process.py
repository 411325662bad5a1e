"""Where a program is looked for."""

from sigma_dbt_sync.cli import child_process


def test_programs_beside_this_one_are_found_in_an_inactive_virtual_environment(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert child_process.run(["sigma-dbt-sync", "--version"], {}) == 0
