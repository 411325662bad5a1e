"""What a dbt project costs Dagster's code location, and the pipeline that validates it."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.child import MEGABYTE, Work
from benchmarks.subjects import ROOT, Subject
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync.graph import Graph, cut
from sigma_dbt_sync.sync.graph_files import GraphFiles
from sigma_dbt_sync.sync.graph_query import Results
from tests.orchestration.graphs import chain

_SIZES = (0, 1_000, 10_000)


def project(count: int) -> Graph:
    """Make up `count` models, each with ten columns and two tests."""
    return cut(chain(count, columns=10, tests=2, lines=40))


def validate(count: str) -> Work:
    """Run `dagster definitions validate` as a deployment pipeline does."""
    scratch = TemporaryDirectory()
    settings = load_settings(_env_file=None, archive_url=str(Path(scratch.name) / "archive"))
    graph = project(int(count))
    GraphFiles(settings).write(graph, Results(), "basis")

    def work() -> dict[str, float]:
        subprocess.run(  # noqa: S603 - our own program
            [Path(sys.executable).with_name("dagster"), "definitions", "validate"],
            cwd=ROOT,
            env={
                **os.environ,
                "ARCHIVE_URL": settings.archive_url,
                "DAGSTER_HOME": scratch.name,
            },
            capture_output=True,
            check=True,
        )
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        scratch.cleanup()
        return {
            "peak_mb": used.ru_maxrss * 1024 / MEGABYTE,
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "nodes": len(graph.nodes),
            "checks": len(graph.checks),
        }

    return work


def _subjects(inputs: Inputs) -> list[Subject]:
    del inputs  # a graph is made up here, without artifacts
    return [
        Subject(
            f"definitions validate, {count:,} nodes",
            "cases.code_location:validate",
            (str(count),),
        )
        for count in _SIZES
    ]


BENCHMARK = Benchmark(
    "code_location", "What a dbt project costs Dagster to load", _subjects, most_rounds=3
)
