"""Ends the runs that died with the process they lived in: run before that process starts again.

On one host runs are children of the code server, and Dagster never looks whether they still live:
after a restart in the middle of a sync it would call that sync running until its time is over, and
the schedule would wait for it. What starts the code server knows better: nothing of the last one
is alive. With the run ended as failed, the schedule goes on, and the next sync with it.

    python -m sigma_dbt_sync.orchestration.left_behind

Not for Kubernetes: there Dagster asks the cluster how a run is.
"""

import sys

import dagster as dg

LOCATION = "sigma_dbt_sync"
"""Name of our code location, as in workspace.yaml; runs of others are left alone."""

_SAYS_IT_RUNS = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
_WHY = "The process of this run ended with the code server that it belonged to."


def end_runs_left_behind(instance: dg.DagsterInstance) -> list[str]:
    """End every run of ours that is said to be running; give their ids."""
    ended: list[str] = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_SAYS_IT_RUNS)):
        origin = run.remote_job_origin
        if origin is None or origin.location_name != LOCATION:
            continue
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, _WHY)
        else:
            instance.report_run_failed(run, _WHY)
        ended.append(run.run_id)
    return ended


if __name__ == "__main__":
    with dg.DagsterInstance.get() as opened:
        for run_id in end_runs_left_behind(opened):
            sys.stderr.write(f"Run {run_id} was left behind and has been ended.\n")
