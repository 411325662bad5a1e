"""Plays `plot.py` with real dbt and keeps, trimmed, what dbt wrote.

    python -m tests.real_runs.record --dbt .venv-dbt/bin/dbt

Needed only when the project, the plot or dbt's version changes, and run by hand: dbt lives in an
environment of its own (`pip install 'dbt-core<1.12' dbt-duckdb`), so that the suite needs none.
Everything runs in a temporary folder against a DuckDB file there; a run that ends otherwise than
the plot says stops the recording.
"""

import argparse
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from sigma_dbt_sync.demo.dbt_steps import Checkout
from sigma_dbt_sync.demo.plot import CANCELLED, SUCCESS
from sigma_dbt_sync.demo.story import Artifact, Recording, Step, keep_blob, write_story
from tests.real_runs.plot import BEFORE, CHAPTERS, SCORE, Chapter
from tests.real_runs.trimming import READ, trimmed

FOLDER = Path(__file__).parent / "artifacts"
_FIRST_RUN_ID = 70403104400000
_FIRST_STEP = 4  # after clone, profile and deps
_IN_QUEUE = timedelta(seconds=4)


class UnexpectedEnding(Exception):
    """dbt did not do what the plot wants."""


class Playing:
    """A run that is going on: its checkout, and its steps so far."""

    def __init__(self, chapter: Chapter, work: Path) -> None:
        self.chapter = chapter
        project = chapter.project.write(work / "states" / chapter.name)
        self.checkout = Checkout(work / "runs" / chapter.name, project=project, changes=[])
        self.steps: list[Step] = []
        self._before: dict[str, bytes] = {}

    def play(self, dbt: Path, command: str, env: dict[str, str], out: Path) -> None:
        """Run one command and keep what it left."""
        given = command.replace("'", "")  # the quotes are for a shell, and there is none
        ended = self.checkout.run(dbt, given, env=env, cancel_when=self.chapter.cancel_when)
        wanted = dict(self.chapter.endings).get(command, SUCCESS)
        if ended.status != wanted:
            raise UnexpectedEnding(f"{command} ended with {ended.status}:\n{ended.logs}")
        now = {name: text for name, text in self.checkout.artifacts().items() if name in READ}
        kept = {
            name: Artifact(
                keep_blob(out, trimmed(name, content)), written=self._before.get(name) != content
            )
            for name, content in now.items()
        }
        self._before = now
        self.steps.append(
            Step(
                index=_FIRST_STEP + len(self.steps),
                name=f"Invoke dbt with `{command}`",
                status=ended.status,
                started_at=ended.started_at,
                finished_at=ended.finished_at,
                command=command,
                artifacts=kept,
            )
        )

    def recording(self, run_id: int) -> Recording:
        """Tell the run as dbt Cloud would."""
        chapter = self.chapter
        ended = [step.finished_at for step in self.steps if step.finished_at]
        started = self.steps[0].started_at or ended[0]
        return Recording(
            name=chapter.name,
            run_id=run_id,
            job_id=chapter.job.id,
            before_now_seconds=0,
            status=chapter.status,
            seen_as=None,
            message="This run was cancelled." if chapter.status == CANCELLED else None,
            cause="ci" if chapter.pull_request else "scheduled",
            git_branch="feature" if chapter.pull_request else "main",
            git_sha=self.checkout.git_sha,
            pull_request=chapter.pull_request,
            schema_override="library_pr_118" if chapter.pull_request else None,
            deferring_run_id=None,
            created_at=started - _IN_QUEUE,
            started_at=started,
            finished_at=max(ended),
            steps=tuple(self.steps),
        )


def environment(work: Path, chapter: Chapter | None = None) -> dict[str, str]:
    """Everything dbt is told, beside the project."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
        "DBT_TARGET": chapter.target if chapter else "default",
        "LIBRARY_DATABASE": str(work / "library.duckdb"),
        "LIBRARY_SCHEMA": "library_pr_118" if chapter and chapter.pull_request else "library",
    }


def record(dbt: Path, out: Path) -> None:
    """Put a new recording in place of the one in `out`, which stays if this one fails."""
    with tempfile.TemporaryDirectory(prefix="library-") as folder:
        work, kept = Path(folder), Path(folder) / "artifacts"
        kept.mkdir()
        desk = Checkout(work / "desk", project=BEFORE.write(work / "states" / "desk"), changes=[])
        landed = desk.run(dbt, "dbt run-operation land", env=environment(work))
        if landed.status != SUCCESS:
            raise UnexpectedEnding(landed.logs)
        going_on: dict[str, Playing] = {}
        for name, command in SCORE:
            if name not in going_on:
                going_on[name] = Playing(CHAPTERS[name], work)
            run = going_on[name]
            run.play(dbt, command, environment(work, run.chapter), kept)
        runs = enumerate(going_on.values())
        write_story(kept, [run.recording(_FIRST_RUN_ID + number * 1013) for number, run in runs])
        if any(str(work).encode() in path.read_bytes() for path in kept.glob("*.json")):
            raise UnexpectedEnding(f"the story names {work}")
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(kept, out)


def main() -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser(description="Record the library with real dbt.")
    parser.add_argument("--dbt", type=Path, required=True, help="the dbt executable to use")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the artifacts are kept")
    options = parser.parse_args()
    record(options.dbt.absolute(), options.out)


if __name__ == "__main__":
    main()
