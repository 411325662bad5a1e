"""Ends the runs that died with the code server they lived in.

On one host a run is a child of a code server, which ends a run whose process dies. When both die,
in a power cut or a killed terminal, nobody does: Dagster would call that sync running until its
time is over, and the schedule would wait for it. Two rules find such runs:

- A code server that `dagster dev` or the daemon started listens at a socket of its own, and the run
  is tagged with it. Where nobody listens any more, nothing of that code server lives. Schedule and
  sensor look there before they wait for a run, if it is on their own host: several hosts can share
  one instance, and a socket is seen on one of them only.
- One that was started at a fixed port looks the same when it is back; but what starts it knows that
  nothing of the last one is alive. It says so before the start:

      python -m sigma_dbt_sync.orchestration.left_behind

Neither is for Kubernetes: there Dagster asks the cluster how a run is.
"""

import json
import platform
import socket
import sys

import dagster as dg
from dagster._core.storage.tags import GRPC_INFO_TAG, MAX_RETRIES_TAG

Evaluation = dg.ScheduleEvaluationContext | dg.SensorEvaluationContext

LOCATION = "sigma_dbt_sync"
"""Name of our code location, as in workspace.yaml; runs of others are left alone."""

HOST_TAG = "sigma_dbt_sync/host"
"""Run tag: where its process is."""

_SAYS_IT_RUNS = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
_WHY = "The process of this run ended with the code server that it belonged to."


def note_host(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Tag a run whose code server listens at a socket with the host of both, which is this one.

    No other run: its steps may be in several processes, and of tags that these write at the same
    time Dagster keeps the last.
    """
    if _socket_of(run) is not None:
        instance.add_run_tags(run.run_id, {HOST_TAG: platform.node()})


def end_runs_left_behind(instance: dg.DagsterInstance) -> list[str]:
    """End every run of ours that is said to be running; give their ids."""
    return [_end(instance, run) for run in _said_to_run(instance)]


def end_runs_without_code_server(context: Evaluation, job_name: str) -> None:
    """End the runs of ours at whose code server's socket nobody listens, before waiting for one.

    The instance starts runs that died again (`run_retries`); not those of the job that a schedule
    or sensor itself is about to ask for.
    """
    for run in _said_to_run(context.instance):
        if not _is_alone(run):
            continue
        if run.job_name == job_name:
            context.instance.add_run_tags(run.run_id, {MAX_RETRIES_TAG: "0"})
        _end(context.instance, run)
        context.log.warning("Run %s died with its code server and has been ended.", run.run_id)


def _said_to_run(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    runs = instance.get_runs(dg.RunsFilter(statuses=_SAYS_IT_RUNS))
    return [
        run
        for run in runs
        if run.remote_job_origin and run.remote_job_origin.location_name == LOCATION
    ]


def _end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, _WHY)
    else:
        instance.report_run_failed(run, _WHY)
    return run.run_id


def _is_alone(run: dg.DagsterRun) -> bool:
    """Whether nobody listens at the socket of the run's code server.

    Unknown where it has none, and where it is not known to be on this host: such a run is left
    alone. One that never came to say where it is, `run_monitoring` ends.
    """
    path = _socket_of(run)
    if path is None or run.tags.get(HOST_TAG) != platform.node():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(0)
        try:
            asking.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return True
        except OSError:  # it is busy, or another user's
            return False
    return False


def _socket_of(run: dg.DagsterRun) -> str | None:
    return json.loads(run.tags.get(GRPC_INFO_TAG, "{}")).get("socket")


if __name__ == "__main__":
    with dg.DagsterInstance.get() as opened:
        for run_id in end_runs_left_behind(opened):
            sys.stderr.write(f"Run {run_id} was left behind and has been ended.\n")
