"""Tells Dagster what dbt did: builds, source freshness and tests, each result once.

What was told already is read from Dagster's own event log, so there is no second book that could
disagree with it: cut off at any event, the next report goes on behind it. Only the latest result of
a node counts, only when it is younger than a day, and a check that passes again is not repeated.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

import dagster as dg
from msgspec import Struct

from sigma_dbt_sync.orchestration import dbt_names
from sigma_dbt_sync.orchestration.dbt_names import NodeId, check_id
from sigma_dbt_sync.orchestration.dbt_translator import asset_keys
from sigma_dbt_sync.orchestration.dbt_verdicts import (
    evaluation,
    materialization,
    observation,
    told,
)
from sigma_dbt_sync.orchestration.event_log import Event, last_report, report_event
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync.graph import Graph
from sigma_dbt_sync.sync.graph_files import GraphFiles
from sigma_dbt_sync.sync.graph_query import Results
from sigma_dbt_sync.sync.verdicts import (
    Verdict,
    build_of,
    freshness_of,
    is_news,
    verdict_of,
)

K = TypeVar("K")

MOST_EVENTS = 5_000
"""Of one report. An event costs some 8 ms and 6 KB in SQLite; what is left is told by the next."""

TOLD = "dbt_results"

_KEYS_PER_QUERY = 500


class Told(Struct, frozen=True):
    """What one report told, and from which load's results; `left` is for the next."""

    basis: str = ""
    builds: int = 0
    freshness: int = 0
    checks: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """An event to tell; the most urgent first, then what waits longest."""

    urgency: int
    at: datetime
    event: Event


def tell_dbt_results(
    instance: dg.DagsterInstance, settings: Settings, run: dg.DagsterRun, *, now: datetime
) -> Told:
    """Report what the last sync found and Dagster does not know yet, as events of `run`.

    Raises:
        ArchiveError: the files of the last sync cannot be read.
        UnreadableArtifact: they are damaged.
    """
    files = GraphFiles(settings)
    basis, _ = files.basis()
    before = last_report(instance, "sync_loads", Told, entry=TOLD)
    if before and before.basis == basis and not before.left:
        return Told(basis)
    graph, results = files.read_graph(), files.read_results()
    if graph is None or results is None:
        return Told()
    news = sorted(
        unreported(instance, graph, results, now=now), key=lambda one: (one.urgency, one.at)
    )
    counts = {dg.AssetMaterialization: 0, dg.AssetObservation: 0, dg.AssetCheckEvaluation: 0}
    for one in islice(news, MOST_EVENTS):
        report_event(instance, one.event, run, at=min(one.at, now))
        counts[type(one.event)] += 1
    builds, freshness, checks = counts.values()
    return Told(basis, builds, freshness, checks, max(0, len(news) - MOST_EVENTS))


def unreported(
    instance: dg.DagsterInstance, graph: Graph, results: Results, *, now: datetime
) -> Iterator[News]:
    """Find what Dagster does not know yet."""
    keys = asset_keys(graph)
    yield from _builds(instance, keys, results, now)
    yield from _freshness(instance, keys, results, now)
    yield from _checks(instance, graph, keys, results, now)


def _builds(
    instance: dg.DagsterInstance,
    keys: Mapping[NodeId, dg.AssetKey],
    results: Results,
    now: datetime,
) -> Iterator[News]:
    builds = {
        key: build
        for row in results.nodes
        if (key := keys.get((row.environment_id, row.unique_id)))
        and (build := build_of(row, results.runs))
        and is_news(build.at, now)
    }
    for part in _parts(list(builds)):
        known = instance.get_latest_materialization_events(part)
        for key in part:
            event = known.get(key)
            last = event.asset_materialization if event else None
            if last is None or told(last.metadata) != builds[key].result:
                yield News(1, builds[key].at, materialization(key, builds[key]))


def _freshness(
    instance: dg.DagsterInstance,
    keys: Mapping[NodeId, dg.AssetKey],
    results: Results,
    now: datetime,
) -> Iterator[News]:
    for row in results.nodes:
        key = keys.get((row.environment_id, row.unique_id))
        seen = freshness_of(row, results.runs)
        if key is None or seen is None or not is_news(seen.at, now):
            continue
        known = instance.fetch_observations(key, limit=1).records
        last = known[0].asset_observation if known else None
        if last is None or told(last.metadata) != seen.result:
            yield News(1, seen.at, observation(key, seen))


def _checks(
    instance: dg.DagsterInstance,
    graph: Graph,
    keys: dict[NodeId, dg.AssetKey],
    results: Results,
    now: datetime,
) -> Iterator[News]:
    named = dbt_names.check_keys(graph, keys)
    rows = {(row.environment_id, row.unique_id): row for row in results.nodes}
    verdicts: dict[dg.AssetCheckKey, Verdict] = {}
    for check in graph.checks:
        row = rows.get((check.environment_id, check.unique_id))
        verdict = verdict_of(check, row, results.runs) if row else None
        if verdict and is_news(verdict.at, now):
            verdicts[named[check_id(check)]] = verdict
    for part in _parts(list(verdicts)):
        known = instance.event_log_storage.get_latest_asset_check_execution_by_key(part)
        for key in part:
            verdict = verdicts[key]
            last = _evaluated(known[key].event if key in known else None)
            is_known = last is not None and (
                told(last.metadata) == verdict.result or (last.passed and verdict.passed)
            )
            if not is_known:
                yield News(0 if not verdict.passed else 1, verdict.at, evaluation(key, verdict))


def _evaluated(entry: dg.EventLogEntry | None) -> dg.AssetCheckEvaluation | None:
    event = entry.dagster_event if entry else None
    data = event.event_specific_data if event else None
    return data if isinstance(data, dg.AssetCheckEvaluation) else None


def _parts(keys: Sequence[K]) -> Iterable[Sequence[K]]:
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        yield keys[start : start + _KEYS_PER_QUERY]
