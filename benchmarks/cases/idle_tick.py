"""What a sync costs when dbt Cloud has nothing new: what most ticks of a schedule are."""

from contextlib import ExitStack

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.child import Work
from benchmarks.demo import demo, now
from benchmarks.subjects import Subject
from sigma_dbt_sync.sync import run_sync


def idle_tick() -> Work:
    """Sync the demo account, then measure the same again."""
    stack = ExitStack()
    server, settings = stack.enter_context(demo())
    run_sync(settings, clock=now)

    def work() -> dict[str, float]:
        before = len(server.requests)
        report = run_sync(settings, clock=now)
        requests = len(server.requests) - before
        stack.close()
        return {
            "requests": requests,
            "artifacts": report.extracted.artifacts_found,
            "rows": report.loaded.total.written,
            "connections": int(report.loaded.connected),
        }

    return work


def _subjects(inputs: Inputs) -> list[Subject]:
    del inputs  # the demo account has its own
    return [Subject("a sync with nothing new", "cases.idle_tick:idle_tick")]


BENCHMARK = Benchmark("idle_tick", "A sync of the demo account with nothing new", _subjects)
