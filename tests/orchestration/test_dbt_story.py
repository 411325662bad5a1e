"""Thirty syncs while the demo account goes on: what Dagster knows then of each dbt run.

dagster-dbt's own sensor for dbt Cloud stops at a run that materialized nothing (tests only, failed
early) and never sees the runs behind it. Here such runs stand between others at every turn.
"""

from collections import Counter
from datetime import timedelta
from itertools import cycle
from uuid import uuid4

import dagster as dg
import pytest

from sigma_dbt_sync import sync
from sigma_dbt_sync.demo.company import PRODUCTION
from sigma_dbt_sync.orchestration.dbt_events import tell_dbt_results
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync.graph_files import GraphFiles
from tests.orchestration.conftest import clear, deployed

TICKS = 30
EVERY = timedelta(minutes=15)
TURNS = (
    ("tests", "hourly"),
    ("parse_error", "hourly"),
    ("cancelled", "tonight"),
    (),
    ("cancelled_in_queue", "pull_request", "freshness"),
    ("descriptions",),
    ("freshness", "parse_error", "tests", "hourly"),
    ("tonight",),
)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play thirty ticks; give the deployment and what each tick told."""
    folder, told = tmp_path_factory.mktemp("story"), []
    with pytest.MonkeyPatch.context() as patch:
        clear(patch, folder)
        with deployed(folder, patch) as deployment:
            settings, account = load_settings(), deployment.account
            for number, turn in zip(range(TICKS), cycle(TURNS), strict=False):
                now = account.anchor + (number + 1) * EVERY
                for minute, like in enumerate(turn):
                    account.add_run(like, created_at=now - timedelta(minutes=12 - minute))
                sync.run_sync(settings, clock=lambda now=now: now)
                run = deployment.instance.add_run(dg.DagsterRun("dbt_metadata_sync", str(uuid4())))
                told.append(tell_dbt_results(deployment.instance, settings, run, now=now))
            yield deployment, told


def log_of(instance) -> dict[str, list[tuple[str, dict]]]:
    """Read all events of dbt's assets, oldest first, by kind: what of, and metadata."""
    kinds = {
        "builds": dg.DagsterEventType.ASSET_MATERIALIZATION,
        "checks": dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        "freshness": dg.DagsterEventType.ASSET_OBSERVATION,
    }
    found = {}
    for kind, event_type in kinds.items():
        records = instance.event_log_storage.get_event_records(
            dg.EventRecordsFilter(event_type), ascending=True
        )
        told = [_told(each.event_log_entry.dagster_event) for each in records]
        found[kind] = [(of, facts) for of, facts in told if "dbt_result" in facts]
    return found


def _told(event) -> tuple[str, dict]:
    data = event.event_specific_data
    told = getattr(data, "materialization", None) or getattr(data, "asset_observation", data)
    of = f"{told.asset_key.path[-1]}:{getattr(told, 'check_name', '')}"
    facts = {each: entry.value for each, entry in told.metadata.items()}
    return of, {**facts, "passed": getattr(told, "passed", None)}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_result_is_told_once_and_the_latest_always(played):
    deployment, told = played
    log = log_of(deployment.instance)
    graph = GraphFiles(load_settings()).read_graph()
    production = [node for node in graph.nodes if node.environment_id == PRODUCTION.id]

    assert len(graph.nodes) == len(production)
    for kind in ("builds", "freshness", "checks"):
        results = Counter((of, metadata["dbt_result"]) for of, metadata in log[kind])
        assert max(results.values()) == 1, kind
        assert sum(results.values()) == sum(getattr(each, kind) for each in told)

    last = dict(log["builds"])
    built = deployment.query(
        "SELECT unique_id, ok_run_id FROM dbt_node_status "
        f"WHERE environment_id = {PRODUCTION.id} AND resource_type IN ('model', 'seed') "
        "AND ok_at IS NOT NULL AND unique_id NOT LIKE '%.v_'"
    )
    assert {uid: last[f"{uid.split('.')[-1]}:"]["dbt_result"] for uid, _ in built} == {
        uid: str(run_id) for uid, run_id in built
    }

    judged = dict(log["checks"])
    tests = deployment.query(
        "SELECT split_part(status.unique_id, '.', 3), status.attempt_status_group = 'ok' "
        "FROM dbt_node_status AS status JOIN dbt_tests AS tests "
        "ON tests.test_unique_id = status.unique_id "
        "AND tests.environment_id = status.environment_id "
        f"WHERE status.environment_id = {PRODUCTION.id} AND kind <> 'unit' "
        "AND attempt_status_group IS NOT NULL"
    )
    by_name = {of.split(":")[1]: metadata["passed"] for of, metadata in judged.items()}
    assert {name: by_name[name] for name, _ in tests} == dict(tests)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_run_is_lost_behind_one_that_built_nothing(played):
    deployment, _ = played
    told = {metadata["dbt_result"] for _, metadata in log_of(deployment.instance)["builds"]}
    runs = deployment.account.runs.values()
    hourly = {str(run.id) for run in runs if run.recording.name == "hourly" and run.is_finished}
    pull_requests = {str(run.id) for run in runs if run.recording.name == "pull_request"}
    young = {str(i) for (i,) in deployment.query("SELECT run_id FROM dbt_runs")} & hourly
    old = {str(run.id) for run in runs if run.created_at < deployment.account.anchor}

    assert young - old
    assert young - old <= told
    assert not told & pull_requests
