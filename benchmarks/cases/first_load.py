"""How long a project takes from the bytes of its artifacts to rows in an empty DuckDB file."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.benchmark import Benchmark, Inputs, manifest_peers
from benchmarks.child import Work
from benchmarks.loading import KINDS, Loading, kinds_of
from benchmarks.runs import MemoryArchive
from benchmarks.subjects import Subject


def first_load(folder: str, kinds: str) -> Work:
    """Load the first run of a project."""
    archive = MemoryArchive()
    archive.add_folder(1, Path(folder), kinds_of(kinds))
    scratch = Path(mkdtemp())
    loading = Loading(archive, scratch / "warehouse.duckdb")

    def work() -> dict[str, float]:
        try:
            return loading.load()
        finally:
            shutil.rmtree(scratch)

    return work


def _subjects(inputs: Inputs) -> list[Subject]:
    folder = str(inputs.folder("first"))
    return [
        Subject("manifest into DuckDB", "cases.first_load:first_load", (folder, "manifest")),
        Subject(
            "manifest, run_results and catalog", "cases.first_load:first_load", (folder, KINDS)
        ),
        *manifest_peers(inputs),
    ]


BENCHMARK = Benchmark("first_load", "Artifacts into an empty DuckDB file", _subjects, ("first",))
