"""What a sync of a large project tells Dagster, in rows and bytes of its event log on SQLite.

Only what is told of dbt, as far as Dagster shows it (`sync/graph.py` limits that): the events of
the sync's own steps come on top, and are the same for every project
(`tests/orchestration/test_day.py` measures them with the demo account).
"""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import dagster as dg

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.cases.code_location import project
from benchmarks.child import MEGABYTE, Work
from benchmarks.subjects import Subject
from sigma_dbt_sync.orchestration import dbt_events
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync.graph_files import GraphFiles
from sigma_dbt_sync.sync.graph_query import Results, Run
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from tests.dagster_home import event_log_size
from tests.orchestration.graphs import status

_MODELS = 10_000
_RUN = 70_471_823_000_000
_RUN_URL = "https://cloud.getdbt.com/deploy/1/projects/2/runs/70471823000001/"


def growth(count: str) -> Work:
    """Tell of a first build of all, of one of all, of one of a hundredth, and of nothing new.

    Every run builds and tests; all tests pass, all the time.
    """
    scratch = TemporaryDirectory()
    folder = Path(scratch.name)
    settings = load_settings(_env_file=None, archive_url=str(folder / "sync" / "archive"))
    files, graph = GraphFiles(settings), project(int(count))
    began = datetime.now(UTC) - timedelta(hours=1)
    models = [node.unique_id for node in graph.nodes]
    tested = {check.unique_id: check.node_id for check in graph.checks}
    known: dict[str, NodeStatusRow] = {}
    instance = dg.DagsterInstance.local_temp(str(folder))

    def build(number: int, built: AbstractSet[str]) -> None:
        run_id, at = _RUN + number, began + timedelta(minutes=number)
        for unique_id in {*built, *(test for test, of in tested.items() if of in built)}:
            known[unique_id] = status(unique_id, attempted_at=at, attempt_run_id=run_id)
        runs = {_RUN + each: Run(_RUN_URL, "Nightly") for each in range(number + 1)}
        files.write(graph, Results(tuple(known.values()), runs), f"basis {number}")

    def tell() -> dict[str, float]:
        (rows, size), ticks, events, left = event_log_size(folder), 0, 0, 1
        while left:
            run = dg.DagsterRun("dbt_metadata_sync", str(uuid4()))
            told = dbt_events.tell_dbt_results(instance, settings, run, now=datetime.now(UTC))
            events, left, ticks = events + told.builds + told.checks, told.left, ticks + 1
        grown = event_log_size(folder)
        return {
            "ticks": ticks,
            "events": events,
            "rows": grown[0] - rows,
            "MB": (grown[1] - size) / MEGABYTE,
        }

    def work() -> dict[str, float]:
        numbers: dict[str, float] = {"nodes": len(models), "checks": len(tested)}
        for number, (stage, built) in enumerate(
            {
                "first": set(models),
                "all": set(models),
                "1 %": set(models[::100]),
                "nothing": set[str](),
            }.items()
        ):
            build(number, built)
            numbers |= {f"{stage}: {name}": value for name, value in tell().items()}
        instance.dispose()
        scratch.cleanup()
        return numbers

    return work


def _subjects(inputs: Inputs) -> list[Subject]:
    del inputs  # a graph is made up here, without artifacts
    title = f"{_MODELS:,} models with two tests each"
    return [Subject(title, "cases.event_log:growth", (str(_MODELS),))]


BENCHMARK = Benchmark(
    "event_log",
    "What Dagster's event log grows by when dbt's results are told",
    _subjects,
    most_rounds=1,
)
