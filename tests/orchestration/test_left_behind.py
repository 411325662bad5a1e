"""Which of the runs that are said to be running are ended, and which are left alone."""

import json
import platform
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import GRPC_INFO_TAG

from sigma_dbt_sync.orchestration.left_behind import (
    HOST_TAG,
    LOCATION,
    end_runs_left_behind,
    end_runs_without_code_server,
)
from sigma_dbt_sync.orchestration.resources import SyncSettings

Status = dg.DagsterRunStatus


@pytest.fixture
def instance():
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def folder():
    """Make a folder whose name is short: a socket's path has a hundred characters at most."""
    with TemporaryDirectory() as made:
        yield Path(made)


@pytest.fixture
def listening(folder):
    """Listen at a socket, as a code server does; give its path."""
    path = folder / "listening"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        yield path


@pytest.fixture
def deserted(folder):
    """Leave a socket behind at which nobody listens."""
    path = folder / "deserted"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
    return path


HERE = platform.node()


def add_run(
    instance, address=None, *, status=Status.STARTED, location=LOCATION, job="any", host=HERE
):
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), "__repository__")
    run = dg.DagsterRun(
        job_name=job,
        run_id=str(uuid4()),
        status=status,
        remote_job_origin=repository.get_job_origin(job),
        tags={
            **({} if address is None else {GRPC_INFO_TAG: json.dumps(address)}),
            **({} if host is None else {HOST_TAG: host}),
        },
    )
    return instance.add_run(run).run_id


def look(instance):
    """Look for dead runs, as a schedule of the job `asked` does."""
    end_runs_without_code_server(dg.build_schedule_context(instance=instance), "asked")


def status_of(instance, run_id):
    return instance.get_run_by_id(run_id).status


def at(path):
    return {"host": "localhost", "socket": str(path)}


def test_a_run_dies_with_its_code_server(instance, deserted, folder):
    killed = add_run(instance, at(deserted))
    rebooted = add_run(instance, at(folder / "gone"))
    look(instance)

    assert status_of(instance, killed) is Status.FAILURE
    assert status_of(instance, rebooted) is Status.FAILURE


def test_a_run_whose_code_server_listens_goes_on(instance, listening):
    run_id = add_run(instance, at(listening))
    look(instance)

    assert status_of(instance, run_id) is Status.STARTED


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy socket looks deserted")
def test_a_code_server_that_is_too_busy_to_answer_lives(instance, folder):
    path = str(folder / "busy")
    run_id = add_run(instance, at(path))
    with ExitStack() as stack:
        server, first, second = (
            stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) for _ in range(3)
        )
        server.bind(path)
        server.listen(0)
        first.connect(path)
        second.settimeout(0)
        with pytest.raises(BlockingIOError):
            second.connect(path)
        look(instance)

    assert status_of(instance, run_id) is Status.STARTED


@pytest.mark.parametrize("host", ["another", None])
def test_a_socket_of_another_host_says_nothing(instance, deserted, host):
    run_id = add_run(instance, at(deserted), host=host)
    look(instance)

    assert status_of(instance, run_id) is Status.STARTED


@pytest.mark.parametrize(
    ("address", "told"),
    [(at("/socket"), HERE), ({"host": "code-server", "port": 4000}, None), (None, None)],
)
def test_a_run_with_a_socket_says_on_which_host_it_is(instance, address, told):
    @dg.op
    def anything(sync_settings: SyncSettings):
        pass

    @dg.job(resource_defs={"sync_settings": SyncSettings()})
    def something():
        anything()

    tags = {} if address is None else {GRPC_INFO_TAG: json.dumps(address)}
    run = something.execute_in_process(instance=instance, tags=tags)

    assert instance.get_run_by_id(run.run_id).tags.get(HOST_TAG) == told


@pytest.mark.parametrize("address", [None, {"host": "code-server", "port": 4000}])
def test_of_a_run_elsewhere_only_what_starts_the_code_server_knows(instance, address):
    run_id = add_run(instance, address)
    look(instance)

    assert status_of(instance, run_id) is Status.STARTED
    assert end_runs_left_behind(instance) == [run_id]
    assert status_of(instance, run_id) is Status.FAILURE


def test_a_run_that_was_being_cancelled_is_cancelled(instance, deserted):
    run_id = add_run(instance, at(deserted), status=Status.CANCELING)
    look(instance)

    assert status_of(instance, run_id) is Status.CANCELED


def test_the_daemon_starts_again_what_nobody_else_asks_for(instance, deserted):
    """Two runs of the same sync would only wait for one another."""
    asked, backfill = add_run(instance, at(deserted), job="asked"), add_run(instance, at(deserted))
    look(instance)

    assert instance.get_run_by_id(asked).tags["dagster/max_retries"] == "0"
    assert "dagster/max_retries" not in instance.get_run_by_id(backfill).tags


def test_runs_of_other_locations_are_left_alone(instance, deserted):
    run_id = add_run(instance, at(deserted), location="theirs")
    look(instance)

    assert end_runs_left_behind(instance) == []
    assert status_of(instance, run_id) is Status.STARTED
