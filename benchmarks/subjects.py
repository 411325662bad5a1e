"""A subject is one thing that is measured; every measurement is a process of its own."""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-bench" / "bin" / "python"

Numbers = dict[str, float]


class SubjectFailed(Exception):
    """The process of a subject ended with an error."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What to run: a function of `benchmarks`, with which Python, on what."""

    title: str
    function: str
    arguments: tuple[str, ...] = ()
    is_peer: bool = False

    def run(self) -> Numbers:
        """Measure once.

        Raises:
            SubjectFailed: the process ended with an error.
        """
        python = str(PEERS) if self.is_peer else sys.executable
        command = [python, "-m", "benchmarks.child", f"benchmarks.{self.function}"]
        done = subprocess.run(  # noqa: S603 - our own program
            [*command, *self.arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = done.stderr.strip().rpartition("\n")[2]
            raise SubjectFailed(f"{self.title}: {reason}")
        return json.loads(done.stdout.rpartition("{")[1] + done.stdout.rpartition("{")[2])


@dataclass(frozen=True, slots=True)
class Result:
    """The medians of all rounds of one subject, or why there are none."""

    title: str
    numbers: Numbers
    rounds: int = 0
    failure: str | None = None


def measure(subjects: Sequence[Subject], rounds: int) -> list[Result]:
    """Measure every subject in every round, in turn, so that a busy minute hits all alike."""
    taken: dict[str, list[Numbers]] = {subject.title: [] for subject in subjects}
    failures: dict[str, str] = {}
    for _ in range(rounds):
        for subject in subjects:
            if subject.title in failures:
                continue
            if subject.is_peer and not PEERS.exists():
                failures[subject.title] = "`make bench` installs the peers"
                continue
            try:
                taken[subject.title].append(subject.run())
            except SubjectFailed as failed:
                failures[subject.title] = str(failed)
    return [
        Result(title, _medians(numbers), len(numbers), failures.get(title))
        for title, numbers in taken.items()
    ]


def _medians(rounds: Sequence[Numbers]) -> Numbers:
    if not rounds:
        return {}
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
