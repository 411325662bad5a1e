"""`python -m benchmarks [NAME ...]`: measure, and print Markdown tables."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.cases import (
    code_location,
    decode,
    download,
    event_log,
    first_load,
    history,
    idle_tick,
    reload,
    snowflake,
)
from benchmarks.child import MEGABYTE
from benchmarks.made_up.files import write
from benchmarks.made_up.project import SIZES
from benchmarks.report import table
from benchmarks.subjects import ROOT, measure

ALL: tuple[Benchmark, ...] = (
    decode.BENCHMARK,
    first_load.BENCHMARK,
    reload.BENCHMARK,
    history.BENCHMARK,
    idle_tick.BENCHMARK,
    download.BENCHMARK,
    snowflake.BENCHMARK,
    code_location.BENCHMARK,
    event_log.BENCHMARK,
)
INPUTS = ROOT / "data" / "benchmarks"


def main() -> int:
    """Measure what was asked for; 1 when something of ours could not be measured."""
    asked = _arguments()
    if asked.list:
        for benchmark in ALL:
            print(f"{benchmark.name:12} {benchmark.question}")
        return 0
    told: dict[str, object] = {"size": asked.size}
    failed = False
    print(f"Size {asked.size}: {SIZES[asked.size].models:,} models. Medians of {asked.rounds}.\n")
    for benchmark in ALL:
        if asked.names and benchmark.name not in asked.names:
            continue
        inputs = Inputs(INPUTS, benchmark.size or asked.size)
        for revision in benchmark.revisions:
            write(inputs.folder(revision), inputs.size, revision)
        subjects = benchmark.subjects(inputs)
        results = measure(subjects, min(asked.rounds, benchmark.most_rounds or asked.rounds))
        failed |= any(
            result.failure and not subject.is_peer
            for result, subject in zip(results, subjects, strict=True)
        )
        manifest_mb = inputs.manifest().stat().st_size / MEGABYTE if benchmark.revisions else 0
        print(table(benchmark, results, manifest_mb), flush=True)
        told[benchmark.name] = [asdict(result) for result in results]
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [benchmark.name for benchmark in ALL]
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these: " + ", ".join(names))
    parser.add_argument("--list", action="store_true", help="list the benchmarks and end")
    parser.add_argument("--size", choices=SIZES, default="M", help="of the project (M)")
    parser.add_argument("--rounds", type=int, default=5, help="take the median of so many (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(names):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
