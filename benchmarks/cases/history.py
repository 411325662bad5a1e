"""Whether the two-thousandth run costs more than the first: many small runs, loaded in batches.

The tenths are told in CPU time: they lie minutes apart, and the machine may be busier in one.
"""

import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.child import Work, peak_mb
from benchmarks.loading import Loading
from benchmarks.made_up.project import BEGIN, SIZES, Project
from benchmarks.runs import MemoryArchive
from benchmarks.subjects import Subject

RUNS = 2_000


def history(folder: str, runs: str) -> Work:
    """Load a run a day, all of one parse of the project."""
    archive = MemoryArchive()
    read = (Path(folder) / "manifest.json").read_bytes
    results = (Path(folder) / "run_results.json").read_bytes()
    invocation = Project(SIZES["S"]).invocation_id.encode()
    for run_id in range(1, int(runs) + 1):
        archive.add_run(
            run_id,
            [
                archive.add_blob("manifest", "manifest", read, is_shared=run_id > 1),
                archive.add_blob(
                    "run_results", str(run_id), partial(_on_day, results, invocation, run_id)
                ),
            ],
        )

    def work() -> dict[str, float]:
        times, peaks = [time.process_time()], [peak_mb()]

        def batch_ended(stage: str, done: int, total: int) -> None:
            del stage, done, total
            times.append(time.process_time())
            peaks.append(peak_mb())

        with TemporaryDirectory() as scratch:
            rows = Loading(archive, Path(scratch) / "warehouse.duckdb").load(batch_ended)["rows"]
        tenth = max(1, (len(times) - 1) // 10)
        first, last = times[tenth] - times[0], times[-1] - times[-1 - tenth]
        per_run = tenth * int(runs) / (len(times) - 1)
        return {
            "rows": rows,
            "first_tenth_cpu_ms_per_run": first / per_run * 1000,
            "last_tenth_cpu_ms_per_run": last / per_run * 1000,
            "last_over_first": last / first,
            "peak_mb_after_first_tenth": peaks[tenth],
        }

    return work


def _on_day(results: bytes, invocation: bytes, run_id: int) -> bytes:
    """Move a run_results.json to its run's day and give it an invocation of its own."""
    day = f"{BEGIN + timedelta(days=run_id - 1):%Y-%m-%dT}".encode()
    moved = results.replace(f"{BEGIN:%Y-%m-%dT}".encode(), day)
    return moved.replace(invocation, str(uuid4()).encode())


def _subjects(inputs: Inputs) -> list[Subject]:
    folder = str(inputs.folder("first"))
    return [Subject(f"{RUNS:,} runs of size S", "cases.history:history", (folder, str(RUNS)))]


BENCHMARK = Benchmark(
    "history",
    "Many small runs, one after the other",
    _subjects,
    revisions=("first",),
    size="S",
    most_rounds=1,
)
