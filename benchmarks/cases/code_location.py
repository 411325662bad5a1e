"""What a dbt project costs Dagster: to load it, and to be told of one build of all of it."""

import os
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import dagster as dg

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.child import MEGABYTE, Work
from benchmarks.subjects import ROOT, Subject
from sigma_dbt_sync.orchestration import dbt_events
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.sync.graph import TEST, Check, Environment, Graph, GraphColumn, Node, cut
from sigma_dbt_sync.sync.graph_files import GraphFiles
from sigma_dbt_sync.sync.graph_query import Results, Run
from sigma_dbt_sync.tables.node_status import NodeStatusRow

_SIZES = (0, 1_000, 10_000)
_COLUMNS, _TESTS, _ENVIRONMENT, _RUN = 10, 2, 700, 70_471_823_000_001
_RUN_URL = "https://cloud.getdbt.com/deploy/1/projects/2/runs/70471823000001/"


def project(count: int) -> Graph:
    """Make up `count` models, each with ten columns and two tests, reading the two before it."""
    ids = [f"model.shop.m{number}" for number in range(count)]
    columns = tuple(GraphColumn(f"c{n}", "VARCHAR", "What it means.") for n in range(_COLUMNS))
    nodes = tuple(
        Node(
            environment_id=_ENVIRONMENT,
            unique_id=unique_id,
            resource_type="model",
            name=f"m{at}",
            description="A model of many.",
            materialized="table",
            relation=("ANALYTICS", "SHOP", f"M{at}"),
            columns=columns,
            code="select 1 as one\n" * 40,
            parents=tuple(ids[max(0, at - 2) : at]),
            path=f"models/part_{at % 7}/m{at}.sql",
            tags=("daily",),
        )
        for at, unique_id in enumerate(ids)
    )
    checks = tuple(
        Check(
            environment_id=_ENVIRONMENT,
            node_id=unique_id,
            unique_id=f"test.shop.t{number}_m{at}",
            kind=TEST,
            name=f"t{number}_m{at}",
        )
        for at, unique_id in enumerate(ids)
        for number in range(_TESTS)
    )
    shop = Environment(_ENVIRONMENT, "Production", 70, "shop", "snowflake")
    return cut(Graph(7, (shop,), nodes, checks))


def validate(count: str) -> Work:
    """Run `dagster definitions validate` as a deployment pipeline does."""
    scratch = TemporaryDirectory()
    settings = _settings(Path(scratch.name))
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


def told(count: str) -> Work:
    """Tell a Dagster on SQLite that dbt has built all models; as many reports as it takes."""
    scratch = TemporaryDirectory()
    folder = Path(scratch.name)
    settings = _settings(folder / "sync")
    graph = project(int(count))
    built_at = datetime.now(UTC)
    rows = tuple(_built(node, built_at) for node in graph.nodes)
    GraphFiles(settings).write(graph, Results(rows, {_RUN: Run(_RUN_URL, "Nightly")}), "basis")
    instance = dg.DagsterInstance.local_temp(str(folder))
    before = _bytes(folder)

    def work() -> dict[str, float]:
        events, reports, left = 0, 0, 1
        while left:
            run = dg.DagsterRun("dbt_metadata_sync", str(uuid4()))
            report = dbt_events.tell_dbt_results(instance, settings, run, now=datetime.now(UTC))
            events, left, reports = events + report.builds, report.left, reports + 1
        grown = _bytes(folder) - before
        instance.dispose()
        scratch.cleanup()
        return {"events": events, "ticks": reports, "bytes_per_event": grown / max(1, events)}

    return work


def _built(node: Node, at: datetime) -> NodeStatusRow:
    return NodeStatusRow(
        account_id=7,
        environment_id=_ENVIRONMENT,
        unique_id=node.unique_id,
        project_id=70,
        node_key="key",
        resource_type="model",
        attempt_status="success",
        attempt_status_group="ok",
        attempted_at=at,
        attempt_run_id=_RUN,
        attempt_step_index=4,
        attempt_seconds=1.5,
        ok_at=at,
        ok_run_id=_RUN,
    )


def _settings(folder: Path) -> Settings:
    return load_settings(_env_file=None, archive_url=str(folder / "archive"))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _subjects(inputs: Inputs) -> list[Subject]:
    del inputs  # a graph is made up here, without artifacts
    module = "cases.code_location"
    return [
        *(
            Subject(f"definitions validate, {count:,} nodes", f"{module}:validate", (str(count),))
            for count in _SIZES
        ),
        Subject(f"one build of {_SIZES[-1]:,} models", f"{module}:told", (str(_SIZES[-1]),)),
    ]


BENCHMARK = Benchmark("code_location", "What a dbt project costs Dagster", _subjects, most_rounds=3)
