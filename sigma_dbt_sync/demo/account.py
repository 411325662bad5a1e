"""The demo account: its runs, placed so that the recorded week ended minutes ago.

The end of the week, the anchor, is written to a file on first use, so that the same runs keep
their times from one start to the next. `now` is an argument; this module reads no clock. Every
change a test makes to an account stays in memory.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.runs import Run
from sigma_dbt_sync.demo.story import Recording, read_story

ACCOUNT_ID = company.ACCOUNT_ID
TOKEN = "dbtc_demo_read_only"  # noqa: S105 - opens nothing but the demo

_BETWEEN_RUN_IDS = 1013


class Account:
    """A dbt Cloud account in memory."""

    def __init__(self, recordings: Iterable[Recording], *, anchor: datetime) -> None:
        self.anchor = anchor.astimezone(UTC).replace(microsecond=0)
        self.runs: dict[int, Run] = {}
        for told in recordings:
            created_at = self.anchor - timedelta(seconds=told.before_now_seconds)
            status = told.status if told.seen_as is None else told.seen_as
            self.runs[told.run_id] = Run(told.run_id, told, created_at, status)

    def run(self, name: str) -> Run:
        """Find a run of the story by its name in `plot.py`, such as `tonight`."""
        return next(
            run
            for run in self.runs.values()
            if run.recording.name == name and run.id == run.recording.run_id
        )

    def add_run(
        self,
        like: str,
        *,
        created_at: datetime,
        status: int | None = None,
        run_id: int | None = None,
    ) -> Run:
        """Let something happen again: a run that went as `like` did, under an id of its own."""
        told = self.run(like).recording
        run = Run(
            run_id or max(self.runs) + _BETWEEN_RUN_IDS,
            told,
            created_at,
            told.status if status is None else status,
        )
        self.runs[run.id] = run
        return run

    def finish(self, run_id: int) -> Run:
        """Let an open run come to the end it was recorded with."""
        run = self.runs[run_id]
        run.status = run.recording.status
        return run

    def change_status(self, run_id: int, status: int) -> None:
        """Show a run with another status."""
        self.runs[run_id].status = status

    def hide_artifacts(self, run_id: int, step: int | None = None) -> None:
        """Answer 404 for artifacts of a run or step, although the run says they were saved."""
        run = self.runs[run_id]
        run.hidden |= {found.index for found in run.recording.steps if step in {None, found.index}}

    def show_artifacts(self, run_id: int) -> None:
        """Undo `hide_artifacts`."""
        self.runs[run_id].hidden.clear()

    def replace_artifact(self, run_id: int, step: int, path: str, content: bytes) -> None:
        """Serve other bytes, readable or not."""
        self.runs[run_id].replaced[step, path] = content

    def remove_artifact(self, run_id: int, step: int, path: str) -> None:
        """Answer 404 for one artifact of one step."""
        self.runs[run_id].replaced[step, path] = None


def load_account(anchor_file: Path, now: datetime) -> Account:
    """Load the recorded week, ending at the anchor in `anchor_file`, or `now` the first time."""
    if not anchor_file.exists():
        anchor_file.parent.mkdir(parents=True, exist_ok=True)
        draft = anchor_file.with_name(f"{anchor_file.name}.{os.getpid()}")
        draft.write_text(now.astimezone(UTC).replace(microsecond=0).isoformat(), encoding="utf-8")
        draft.replace(anchor_file)
    anchor = datetime.fromisoformat(anchor_file.read_text(encoding="utf-8").strip())
    return Account(read_story(), anchor=anchor)
