"""dbt's models, seeds, snapshots, sources and exposures as external assets, with tests as checks.

Read from the file that a sync leaves (`sync.graph_files`) while definitions load, so nothing here
may fail the code location: what cannot be read or shown is a warning in the log.
"""

import gc
import logging
from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import NamedTuple

import dagster as dg

from sigma_dbt_sync.errors import SyncError
from sigma_dbt_sync.orchestration import dbt_names
from sigma_dbt_sync.orchestration.dbt_names import NodeId, check_id, node_id
from sigma_dbt_sync.orchestration.dbt_translator import (
    asset_keys,
    environment_spec,
    spec_of,
)
from sigma_dbt_sync.orchestration.dbt_verdicts import check_result
from sigma_dbt_sync.orchestration.failures import told_to_dagster
from sigma_dbt_sync.orchestration.resources import SyncSettings
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync.graph import BUILD, BUILT, FRESHNESS, Check, Graph
from sigma_dbt_sync.sync.graph_files import GraphFiles
from sigma_dbt_sync.sync.verdicts import verdict_of

_log = logging.getLogger(__name__)

_CHECKS_PER_STEP = 200
"""Dagster's time to load a step grows with the square of its checks."""

_OWN = {
    BUILD: "The newest dbt run that meant to build this did.",
    FRESHNESS: "The newest rows were young enough when dbt looked (dbt source freshness).",
}


class DbtAssets(NamedTuple):
    """Everything of dbt that Dagster shows; `environments` are the assets nothing lies behind."""

    specs: list[dg.AssetSpec]
    checks: list[dg.AssetChecksDefinition]
    environments: list[dg.AssetKey]


_NOTHING = DbtAssets([], [], [])


def dbt_assets(settings: Settings) -> DbtAssets:
    """Read what the last sync left; nothing, with a warning, when it cannot be read."""
    try:
        graph = GraphFiles(settings).read_graph()
    except SyncError as error:
        _log.warning("dbt's nodes are not shown: %s", error)
        return _NOTHING
    if graph is None:
        _log.info("dbt's nodes will be shown after the first sync.")
        return _NOTHING
    if graph.cuts:
        _log.warning(
            "dbt is not shown in full, left out: %s. DAGSTER_ENVIRONMENT_IDS chooses environments.",
            "; ".join(graph.cuts),
        )
    with _no_collection():
        return definitions_of(graph)


@contextmanager
def _no_collection() -> Generator[None]:
    """Look for no garbage among objects that all stay: that would be a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def definitions_of(graph: Graph) -> DbtAssets:
    """Make assets and checks of a graph; what Dagster does not take is left out."""
    keys = asset_keys(graph)
    environments = {each.environment_id: each for each in graph.environments}
    specs: dict[dg.AssetKey, dg.AssetSpec] = {}
    for node in graph.nodes:
        try:
            spec = spec_of(node, environments[node.environment_id], keys)
        except dbt_names.REFUSED as error:
            _log.warning("%s is not shown: %s", node.unique_id, error)
        else:
            specs[spec.key] = spec
    named = dbt_names.check_keys(graph, keys)
    checks = [
        (check, key)
        for check in graph.checks
        if (key := named.get(check_id(check))) and key.asset_key in specs
    ]
    of_environments = list(_environments(graph, keys, specs))
    return DbtAssets(
        [*specs.values(), *of_environments],
        list(_steps(checks)),
        [spec.key for spec in of_environments],
    )


def _environments(
    graph: Graph, keys: Mapping[NodeId, dg.AssetKey], shown: Container[dg.AssetKey]
) -> Iterator[dg.AssetSpec]:
    """Hang every environment behind the last nodes that it builds."""
    built = {
        node_id(node): node.environment_id
        for node in graph.nodes
        if node.resource_type in BUILT and keys[node_id(node)] in shown
    }
    read = {
        (node.environment_id, parent)
        for node in graph.nodes
        if node_id(node) in built
        for parent in node.parents
    }
    for environment in graph.environments:
        yield environment_spec(
            environment,
            (
                keys[node]
                for node, environment_id in built.items()
                if environment_id == environment.environment_id and node not in read
            ),
        )


def _steps(
    checks: Sequence[tuple[Check, dg.AssetCheckKey]],
) -> Iterator[dg.AssetChecksDefinition]:
    ordered = sorted(checks, key=lambda pair: (pair[0].environment_id, pair[1].asset_key.path))
    for environment_id, group in groupby(ordered, key=lambda pair: pair[0].environment_id):
        of_one = list(group)
        for start in range(0, len(of_one), _CHECKS_PER_STEP):
            part = of_one[start : start + _CHECKS_PER_STEP]
            yield _step(f"dbt_checks_{environment_id}_{start // _CHECKS_PER_STEP}", part)


def _step(name: str, checks: Sequence[tuple[Check, dg.AssetCheckKey]]) -> dg.AssetChecksDefinition:
    """Make a step that repeats what dbt found last; it runs no test."""
    by_key = {key: check for check, key in checks}

    @dg.multi_asset_check(
        name=name,
        specs=[_spec(check, key) for check, key in checks],
        can_subset=True,
        description="Show what dbt found last, as of the last sync. No test is run.",
    )
    def show_last_results(
        context: dg.AssetCheckExecutionContext, sync_settings: SyncSettings
    ) -> Iterator[dg.AssetCheckResult]:
        with told_to_dagster(context.retry_number):
            results = GraphFiles(sync_settings.load()).read_results()
        if results is None:
            return
        rows = {(row.environment_id, row.unique_id): row for row in results.nodes}
        for key in context.selected_asset_check_keys:
            check = by_key[key]
            row = rows.get((check.environment_id, check.unique_id))
            verdict = verdict_of(check, row, results.runs) if row else None
            if verdict:
                yield check_result(key, verdict)

    return show_last_results


def _spec(check: Check, key: dg.AssetCheckKey) -> dg.AssetCheckSpec:
    facts = {"dbt_unique_id": check.unique_id, "column": check.column, "severity": check.severity}
    return dg.AssetCheckSpec(
        key.name,
        asset=key.asset_key,
        description=check.description or _OWN.get(check.kind),
        metadata={name: value for name, value in facts.items() if value},
    )
