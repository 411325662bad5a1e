"""What the next run of a project costs, when little or nothing of the project has changed."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.benchmark import Benchmark, Inputs, manifest_peers
from benchmarks.child import Work
from benchmarks.loading import KINDS, Loading, kinds_of
from benchmarks.runs import MemoryArchive
from benchmarks.subjects import ROOT, Subject


def reload(folder: str, next_folder: str, kinds: str) -> Work:
    """Load a second run, into a file where another process has loaded the first."""
    file = Path(mkdtemp()) / "warehouse.duckdb"
    subprocess.run(  # noqa: S603 - our own program; apart, so that its memory does not count here
        [sys.executable, "-m", "benchmarks.cases.reload", folder, kinds, str(file)],
        cwd=ROOT,
        check=True,
    )
    archive = MemoryArchive()
    archive.add_folder(1, Path(folder), kinds_of(kinds))
    archive.add_folder(2, Path(next_folder), kinds_of(kinds))
    loading = Loading(archive, file)

    def work() -> dict[str, float]:
        try:
            return loading.load()
        finally:
            shutil.rmtree(file.parent)

    return work


def _subjects(inputs: Inputs) -> list[Subject]:
    first, unchanged, changed = map(str, map(inputs.folder, BENCHMARK.revisions))

    def one(title: str, folder: str, kinds: str) -> Subject:
        return Subject(title, "cases.reload:reload", (first, folder, kinds))

    return [
        one("the same file", first, "manifest"),
        one("parsed anew, nothing edited", unchanged, "manifest"),
        one("parsed anew, 1 % of the models edited", changed, "manifest"),
        one("the same with run_results and catalog", changed, KINDS),
        *manifest_peers(inputs),
    ]


BENCHMARK = Benchmark(
    "reload",
    "The next run of a project that is loaded already",
    _subjects,
    ("first", "unchanged", "changed"),
)

if __name__ == "__main__":
    first_folder, first_kinds, first_file = sys.argv[1:]
    first_run = MemoryArchive()
    first_run.add_folder(1, Path(first_folder), kinds_of(first_kinds))
    Loading(first_run, Path(first_file)).load()
