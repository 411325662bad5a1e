"""Runs of the demo account that hold what is hard to carry over a wire.

A run id that no float holds, 200 KB of SQL, emoji and quotes. Microseconds and empty values are in
dbt's own artifacts. A test makes sure that all of it is in the tables that are compared.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sigma_dbt_sync.demo.account import Account
from sigma_dbt_sync.demo.runs import Run

RUN_ID = 2**53 + 1
MODEL = "model.shop.stg_customers"
TEXT = "Größe 📦 \U0001f9d1\u200d\U0001f680 ' \" \\ \t ; -- ? %s {{ }} é"
LONG_SQL = f"select 1 as one /* {TEXT} {'x' * 200_000} */"

Document = dict[str, Any]


def add_hard_run(
    account: Account, created_at: datetime, *, run_id: int = RUN_ID, description: str = TEXT
) -> Run:
    """Let the nightly job run again, after somebody wrote all of this into the project."""
    run = account.add_run("tonight", created_at=created_at, run_id=run_id)

    def edit_manifest(manifest: Document) -> None:
        model = manifest["nodes"][MODEL]
        model["description"] = description
        model["raw_code"] = LONG_SQL
        model["config"]["meta"] = {"note": TEXT, "big": 2**63 - 1, "deep": [{"a": None}, 0.1]}
        for column in model["columns"].values():
            column["description"] = f"{TEXT} {column['name']}"

    _edit(account, run, "manifest.json", edit_manifest)
    _edit(account, run, "run_results.json", _edit_results)
    return run


def _edit_results(results: Document) -> None:
    for result in results["results"]:
        result["message"] = f"{result['message']} {TEXT}"
        if result["unique_id"] == MODEL:
            result["compiled_code"] = LONG_SQL.replace("one", "compiled")


def _edit(account: Account, run: Run, path: str, edit: Callable[[Document], None]) -> None:
    """Serve an artifact of a run differently, in every step that has it."""
    for step in run.steps:
        if served := run.artifact(path, step.index):
            document = json.loads(served)
            edit(document)
            account.replace_artifact(run.id, step.index, path, json.dumps(document).encode())
