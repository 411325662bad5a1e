"""One host with PostgreSQL: the services of compose.yaml, run with their own words and probes."""

from contextlib import ExitStack

import dagster as dg
import pytest
import yaml

from sigma_dbt_sync.demo.account import TOKEN
from sigma_dbt_sync.demo.company import PRODUCTION
from tests.deploy.services import Service, interpolated, moved, on_path
from tests.processes import ROOT, free_port, running, wait_until
from tests.web_server import WebServer

COMPOSE = ROOT / "docs" / "deploy" / "compose"
STARTS_WITHIN = 240.0
RUN_ENDS_WITHIN = 300.0
RELOADED_WITHIN = 120.0
SERVICES = ("code-server", "webserver", "daemon")
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]


class Deployment:
    """The services as processes, their logs, and their PostgreSQL."""

    def __init__(self, folder, services, web, instance):
        self.folder = folder
        self.services = services
        self.web = WebServer(web)
        self.instance = instance

    def log(self, service):
        return (self.folder / f"{service}.log").read_text()

    def logs(self):
        return "\n".join(f"{name}:\n{self.log(name)}" for name in SERVICES)


def services(folder, database, base):
    """Read compose.yaml for this machine; the container's folders lie below `folder`."""
    code, web = free_port(), free_port()
    (folder / "dagster_home").mkdir()
    (folder / "data").mkdir()
    (folder / "dagster_home" / "dagster.yaml").write_text((COMPOSE / "dagster.yaml").read_text())
    workspace = moved(
        (COMPOSE / "workspace.yaml").read_text(),
        [("host: code-server", "host: 127.0.0.1"), ("4000", str(code))],
    )
    (folder / "workspace.yaml").write_text(workspace)
    text = moved(
        (COMPOSE / "compose.yaml").read_text(),
        [
            ("http://webserver:3000", f"http://127.0.0.1:{web}"),
            ("http://127.0.0.1:3000", f"http://127.0.0.1:{web}"),
            ("--port=3000", f"--port={web}"),
            ("--port=4000", f"--port={code}"),
            ("--host=0.0.0.0", "--host=127.0.0.1"),
            ("/opt/dagster/workspace.yaml", f"{folder}/workspace.yaml"),
            ("/data/", f"{folder}/data/"),
            ("DAGSTER_PG_HOST: postgres", f"DAGSTER_PG_HOST: {database['DAGSTER_PG_HOST']}"),
            ('DAGSTER_PG_PORT: "5432"', f'DAGSTER_PG_PORT: "{database["DAGSTER_PG_PORT"]}"'),
        ],
    )
    read = yaml.safe_load(interpolated(text, database))["services"]
    home = {"DAGSTER_HOME": str(folder / "dagster_home")}
    found = {
        name: Service(
            read[name]["command"],
            on_path({**base, **home, **read[name]["environment"]}),
            read[name]["healthcheck"]["test"][1:],
        )
        for name in SERVICES
    }
    return found, f"http://127.0.0.1:{web}"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory, database, bare, dbt_cloud):
    """Bring the services up one after another, each healthy before the next, as Compose does."""
    folder = tmp_path_factory.mktemp("compose")
    found, web = services(folder, database, bare)
    found["code-server"].environment.update(dbt_cloud, SYNC_CRON="* * * * *")
    with ExitStack() as stack:
        for name in SERVICES:
            service = found[name]
            assert not service.is_healthy()
            log = folder / f"{name}.log"
            process = stack.enter_context(
                running(service.command, service.environment, log, cwd=folder)
            )
            wait_until(
                lambda service=service, process=process: (
                    service.is_healthy() or process.poll() is not None
                ),
                STARTS_WITHIN,
                otherwise=log.read_text,
            )
            assert process.poll() is None, log.read_text()
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in database.items():
            patch.setenv(name, value)
        instance = stack.enter_context(dg.DagsterInstance.from_config(str(folder / "dagster_home")))
        yield Deployment(folder, found, web, instance)


@pytest.fixture(scope="module")
def run(deployment):
    """Wait for the first sync that the daemon starts by itself."""

    def over():
        return deployment.instance.get_runs(dg.RunsFilter(statuses=OVER))

    wait_until(over, RUN_ENDS_WITHIN, otherwise=deployment.logs)
    return over()[-1]


def test_every_service_says_that_it_is_healthy(deployment):
    assert {name: each.is_healthy() for name, each in deployment.services.items()} == dict.fromkeys(
        SERVICES, True
    )


def test_the_daemon_syncs_on_schedule_with_its_history_in_postgres(deployment, run):
    instance = deployment.instance
    storages = [instance.run_storage, instance.event_log_storage, instance.schedule_storage]
    made = instance.get_latest_materialization_event(dg.AssetKey("dbt_models"))
    ticks = [tick for state in instance.all_instigator_state() for tick in _ticks(instance, state)]

    assert run.status is dg.DagsterRunStatus.SUCCESS, deployment.logs()
    assert run.tags["dagster/schedule_name"] == "dbt_metadata_schedule"
    assert made.asset_materialization.metadata["dagster/row_count"].value > 0
    assert run.run_id in {run_id for tick in ticks for run_id in tick.run_ids}
    assert {type(each).__module__.partition(".")[0] for each in storages} == {"dagster_postgres"}
    assert not list(deployment.folder.glob("dagster_home/**/*.db"))


def test_the_data_lies_in_the_volume_of_the_code_server(deployment, run):
    data = deployment.folder / "data"

    assert (data / "dbt_metadata.duckdb").stat().st_size > 0
    assert any((data / "archive").rglob("*.json"))


def test_dbts_relations_appear_in_the_ui_without_a_restart(deployment, run):
    wait_until(deployment.web.dbt_nodes, RELOADED_WITHIN, otherwise=deployment.logs)

    assert f"dbt/{PRODUCTION.id}/customers_v2" in deployment.web.dbt_nodes()


def test_no_token_is_in_any_log(deployment, run):
    assert TOKEN not in deployment.logs()


def _ticks(instance, state):
    return instance.get_ticks(state.instigator_origin_id, state.selector_id)
