"""Changes of health to rows: with the job of the run, and the sentence a person reads."""

from collections.abc import Iterable, Mapping, Sequence

from sigma_dbt_sync.normalize.health_fold import Change
from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.run_facts import RunFacts
from sigma_dbt_sync.sync.history import Environment
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.health import HealthChangeRow
from sigma_dbt_sync.tables.runs import DBT_RUN_STEPS, DBT_RUNS


def change_rows(
    changes: Sequence[Change],
    environment: Environment,
    facts: Iterable[RunFacts],
    present: Present,
) -> list[HealthChangeRow]:
    """Make the row of every change; runs that are not in the batch are looked up."""
    at_hand = {run.context.run_id: run for run in facts}
    of_jobs = {change.order[1] for change in changes}
    of_steps = {
        change.reason.command_of[0] for change in changes if change.reason.command_of is not None
    }
    jobs = {run_id: at_hand[run_id].context.job_id for run_id in of_jobs & at_hand.keys()}
    steps = [row for run_id in of_steps & at_hand.keys() for row in at_hand[run_id].steps]
    ask, environment_id = present.nodes, environment.environment_id
    for run in ask(DBT_RUNS, "run_id", environment_id, sorted(of_jobs - at_hand.keys())):
        jobs[run.run_id] = run.job_id
    steps += ask(DBT_RUN_STEPS, "run_id", environment_id, sorted(of_steps - at_hand.keys()))
    commands = {(step.run_id, step.step_index): step.dbt_command for step in steps}
    return [
        HealthChangeRow(
            account_id=environment.account_id,
            environment_id=environment_id,
            unique_id=change.unique_id,
            changed_at=change.order[0],
            run_id=change.order[1],
            step_index=change.order[2],
            job_id=jobs.get(change.order[1]),
            project_id=environment.project_id,
            node_key=node_key(environment.account_id, environment_id, change.unique_id),
            relation_name=change.told.relation_name,
            from_health=change.before,
            to_health=change.after,
            detail=_detail(change, commands),
            owner_name=change.told.owner_name,
            owner_email=change.told.owner_email,
        )
        for change in changes
    ]


def _detail(change: Change, commands: Mapping[tuple[int, int], str | None]) -> str:
    where, text = change.reason.command_of, change.reason.text
    if where is not None:
        text = f"dbt {commands.get(where) or 'run'} {text}"
    return f"the dbt project changed: {text}" if change.is_by_project else text
