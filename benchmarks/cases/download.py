"""How close fetching comes to what the network allows, when every answer takes 200 ms."""

from contextlib import ExitStack

from benchmarks.benchmark import Benchmark, Inputs
from benchmarks.child import Work
from benchmarks.demo import demo, now
from benchmarks.subjects import Subject
from sigma_dbt_sync.sync import extract, open_archive

LATENCY = 0.2
CONNECTIONS = 8
MORE_RUNS = 200


def download() -> Work:
    """Fetch the demo account, grown by many runs, into an empty archive."""
    stack = ExitStack()
    server, settings = stack.enter_context(demo(latency=LATENCY, more_runs=MORE_RUNS))
    client, archive = stack.enter_context(open_archive(settings))

    def work() -> dict[str, float]:
        before, began = len(server.requests), now()
        report = extract(client, archive, settings, now=began)
        seconds = (now() - began).total_seconds()
        requests = len(server.requests) - before
        stack.close()
        return {
            "requests": requests,
            "artifacts": report.artifacts_found,
            "rate_limited": report.rate_limited,
            "requests_per_second": requests / seconds,
            "share_of_possible": requests / seconds / (CONNECTIONS / LATENCY),
        }

    return work


def _subjects(inputs: Inputs) -> list[Subject]:
    del inputs  # the demo account has its own
    return [Subject(f"the demo account and {MORE_RUNS} more runs", "cases.download:download")]


BENCHMARK = Benchmark("download", "Fetching with 200 ms of latency", _subjects, most_rounds=3)
