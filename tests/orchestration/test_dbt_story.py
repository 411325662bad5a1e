"""Thirty syncs while the demo account goes on: what Dagster knows then of each dbt run."""

from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
import pytest

from sigma_dbt_sync import sync
from sigma_dbt_sync.demo.company import PRODUCTION
from sigma_dbt_sync.orchestration.dbt_events import tell_dbt_results
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sync.graph_files import GraphFiles
from tests.orchestration.conftest import clear, deployed
from tests.orchestration.dbt_story import builds, log_of, play, told_more_than_once, verdicts

TICKS = 30
EVER = datetime.min.replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play thirty ticks; give the deployment and what each tick told."""
    folder, told = tmp_path_factory.mktemp("story"), []
    with pytest.MonkeyPatch.context() as patch:
        clear(patch, folder)
        with deployed(folder, patch) as deployment:
            settings = load_settings()
            for number in range(TICKS):
                now = play(deployment.account, number)
                sync.run_sync(settings, clock=lambda now=now: now)
                run = deployment.instance.add_run(dg.DagsterRun("dbt_metadata_sync", str(uuid4())))
                told.append(tell_dbt_results(deployment.instance, settings, run, now=now))
            yield deployment, told


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_result_is_told_once_and_the_latest_always(played):
    deployment, told = played
    log = log_of(deployment.instance)
    graph = GraphFiles(load_settings()).read_graph()
    production = [node for node in graph.nodes if node.environment_id == PRODUCTION.id]

    assert len(graph.nodes) == len(production)
    assert told_more_than_once(log) == []
    for kind in ("builds", "freshness", "checks"):
        assert len(log[kind]) == sum(getattr(each, kind) for each in told)

    in_warehouse, in_dagster = builds(deployment, log, EVER)
    assert in_dagster == in_warehouse != {}
    in_warehouse, in_dagster = verdicts(deployment, log, EVER)
    assert in_dagster == in_warehouse != {}


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
