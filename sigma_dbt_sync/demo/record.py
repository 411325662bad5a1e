"""Plays the week of `plot.py` with real dbt and stores what dbt wrote.

    python -m sigma_dbt_sync.demo.record --dbt .venv-dbt/bin/dbt

Needed only when the project, the plot or dbt's version changes; dbt lives in an environment of its
own (`dbt-core<1.12`, `dbt-duckdb`), because the package itself does not need it. Everything runs in
a temporary folder against DuckDB files there, one per database of `company.py`.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sigma_dbt_sync.demo import company, plot
from sigma_dbt_sync.demo.dbt_steps import NEUTRAL_PLACE, Checkout, Ended, wall_clock
from sigma_dbt_sync.demo.plot import Chapter
from sigma_dbt_sync.demo.story import FOLDER, Artifact, Recording, Step, keep_blob, write_story

_HERE = Path(__file__).parent
_IN_QUEUE = timedelta(seconds=4)
_PREPARATION = (  # what dbt Cloud does before the first command, and how long it takes
    ("Clone git repository", timedelta(seconds=5), "Cloned shop/dbt."),
    ("Create profile from connection DuckDB", timedelta(seconds=1), "Profile written."),
    ("Invoke dbt with `dbt deps`", timedelta(seconds=3), "No packages were found."),
)


class UnexpectedEnding(Exception):
    """dbt did not do what the plot wants."""


class Recorder:
    """One recording: a dbt, a temporary folder to work in, and the folder that keeps the result."""

    def __init__(self, dbt: Path, *, work: Path, out: Path) -> None:
        self._dbt = dbt
        self._work = work
        self._out = out
        self._deferred_to: int | None = None

    def prepare(self) -> None:
        """Fill the databases with what the shop's loaders would have landed."""
        for environment in (company.PRODUCTION, company.STAGING):
            env = self._env(environment.database, environment.schema)
            for command in ("dbt run-operation land_raw_tables", "dbt seed"):
                ended = self._checkout(()).run(self._dbt, command, env=env)
                if ended.status != plot.SUCCESS:
                    raise UnexpectedEnding(f"{command}:\n{ended.logs}")

    def record(self, chapter: Chapter) -> Recording:
        """Play one job run."""
        checkout = self._checkout(chapter.changes)
        deferred_to = self._deferred_to if chapter.pull_request else None
        steps = [] if chapter.never_started else self._play(chapter, checkout)
        started = [step.started_at for step in steps if step.started_at]
        finished = [step.finished_at for step in steps if step.finished_at]
        if chapter.job is company.DAILY and chapter.status == plot.SUCCESS:
            self._remember_production(checkout, chapter)
        return Recording(
            name=chapter.name,
            run_id=chapter.run_id,
            job_id=chapter.job.id,
            before_now_seconds=int(chapter.before_now.total_seconds()),
            status=chapter.status,
            seen_as=chapter.seen_as,
            message=chapter.message,
            cause=chapter.cause,
            git_branch=_branch(chapter),
            git_sha=checkout.git_sha,
            pull_request=chapter.pull_request,
            schema_override=chapter.schema_override,
            deferring_run_id=deferred_to,
            created_at=min(started, default=wall_clock()) - _IN_QUEUE,
            started_at=min(started, default=None),
            finished_at=max(finished, default=None),
            steps=tuple(steps),
        )

    def _play(self, chapter: Chapter, checkout: Checkout) -> list[Step]:
        steps = _prepared()
        env = self._env_of(chapter, checkout)
        before: dict[str, bytes] = {}
        for index, command in enumerate(chapter.commands, start=len(steps) + 1):
            name = f"Invoke dbt with `{command}`"
            if steps[-1].status == plot.CANCELLED:
                steps.append(Step(index, name, plot.CANCELLED, command=command))
                continue
            when = None if command in {plot.FRESHNESS, plot.DOCS} else chapter.cancel_when
            ended = checkout.run(self._dbt, command, env=env, cancel_when=when)
            _compare(chapter, command, ended)
            now = checkout.artifacts()
            steps.append(
                Step(
                    index,
                    name,
                    ended.status,
                    ended.started_at,
                    ended.finished_at,
                    command,
                    ended.logs,
                    {
                        path: Artifact(self._keep(content), written=before.get(path) != content)
                        for path, content in now.items()
                    },
                )
            )
            before = now
        return steps

    def _keep(self, content: bytes) -> str:
        if str(self._work).encode() in content:
            raise UnexpectedEnding(f"an artifact names {self._work}, not only {NEUTRAL_PLACE}")
        return keep_blob(self._out, content)

    def _checkout(self, changes: Sequence[str]) -> Checkout:
        return Checkout(
            self._work / "shop",
            project=_HERE / "project",
            changes=[_HERE / "project_changes" / name for name in changes],
        )

    def _remember_production(self, checkout: Checkout, chapter: Chapter) -> None:
        shutil.copytree(checkout.place / "target", self._work / "state", dirs_exist_ok=True)
        self._deferred_to = chapter.run_id

    def _env(self, database: str, schema: str) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._work),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
            "SHOP_DATABASE": str(self._work / f"{database}.duckdb"),
            "SHOP_SCHEMA": schema,
        }

    def _env_of(self, chapter: Chapter, checkout: Checkout) -> dict[str, str]:
        """Set what dbt Cloud sets; dbt copies `DBT_ENV_CUSTOM_ENV_*` into its artifacts."""
        environment = chapter.job.environment
        told = {
            "ACCOUNT_ID": str(company.ACCOUNT_ID),
            "PROJECT_ID": str(company.PROJECT_ID),
            "ENVIRONMENT_ID": str(environment.id),
            "JOB_ID": str(chapter.job.id),
            "RUN_ID": str(chapter.run_id),
            "RUN_REASON": plot.REASONS[chapter.cause],
            "RUN_REASON_CATEGORY": chapter.cause,
            "RUN_TRIGGER_CATEGORY": chapter.cause,
            "GIT_BRANCH": _branch(chapter),
            "GIT_SHA": checkout.git_sha,
        }
        env = self._env(environment.database, chapter.schema_override or environment.schema)
        if chapter.pull_request:
            told["PR_ID"] = str(chapter.pull_request)
            shutil.copytree(self._work / "state", checkout.place / "state", dirs_exist_ok=True)
            env |= {"DBT_STATE": "state", "DBT_DEFER": "true"}
        return env | {f"DBT_ENV_CUSTOM_ENV_DBT_CLOUD_{name}": text for name, text in told.items()}


def _prepared() -> list[Step]:
    at = wall_clock() - sum((seconds for _, seconds, _ in _PREPARATION), timedelta())
    steps: list[Step] = []
    for index, (name, seconds, log) in enumerate(_PREPARATION, start=1):
        steps.append(Step(index, name, plot.SUCCESS, at, at + seconds, logs=log))
        at += seconds
    return steps


def _compare(chapter: Chapter, command: str, ended: Ended) -> None:
    wanted = chapter.endings.get(command, plot.SUCCESS)
    if ended.status != wanted:
        told = f"{chapter.name}: {command} ended with {ended.status} instead of {wanted}"
        raise UnexpectedEnding(f"{told}:\n{ended.logs}")


def _branch(chapter: Chapter) -> str:
    if chapter.pull_request:
        return "feature/turnover"
    return chapter.job.environment.custom_branch or "main"


def record(dbt: Path, out: Path) -> None:
    """Put a new recording in place of the one in `out`, which stays if this one fails."""
    with tempfile.TemporaryDirectory(prefix="shop-") as work:
        kept = Path(work) / "artifacts"
        kept.mkdir()
        recorder = Recorder(dbt, work=Path(work), out=kept)
        recorder.prepare()
        write_story(kept, [recorder.record(chapter) for chapter in plot.WEEK])
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(kept, out)


def main() -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser(description="Record the demo account with real dbt.")
    parser.add_argument("--dbt", type=Path, required=True, help="the dbt executable to use")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the artifacts are kept")
    options = parser.parse_args()
    record(options.dbt.absolute(), options.out)


if __name__ == "__main__":
    main()
