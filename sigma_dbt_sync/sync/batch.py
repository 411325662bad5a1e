"""Plans one batch: the changes that a few runs bring to all tables, to be published together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from msgspec import structs

from sigma_dbt_sync.artifacts.account import AccountObjects
from sigma_dbt_sync.normalize.account import environment_rows, job_rows, project_rows
from sigma_dbt_sync.normalize.run_facts import RunFacts
from sigma_dbt_sync.normalize.runs import job_status_row
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.docs import SigmaReach, plan_docs_of_all
from sigma_dbt_sync.sync.environment import EnvironmentUpdate, update_environment
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.account import (
    DBT_ENVIRONMENTS,
    DBT_JOB_STATUS,
    DBT_JOBS,
    DBT_PROJECTS,
    EnvironmentRow,
)
from sigma_dbt_sync.tables.graph import DBT_CODE
from sigma_dbt_sync.tables.ledger import SYNC_ARTIFACTS
from sigma_dbt_sync.tables.results import (
    DBT_NODE_EXECUTIONS,
    DBT_SOURCE_FRESHNESS,
    DBT_TEST_RESULTS,
)
from sigma_dbt_sync.tables.runs import DBT_INVOCATIONS, DBT_RUN_STEPS, DBT_RUNS, RunRow
from sigma_dbt_sync.warehouse.base import Change


def plan_changes(
    facts: Sequence[RunFacts],
    objects: AccountObjects,
    present: Present,
    archived: Archived,
    reach: SigmaReach,
) -> tuple[list[Change], list[str]]:
    """Plan every change of a batch; also name code hashes that may have lost their last use."""
    runs = [run.run for run in facts]
    by_environment: defaultdict[int, list[RunFacts]] = defaultdict(list)
    for run in facts:
        if run.context.feeds_state and run.context.environment_id:
            by_environment[run.context.environment_id].append(run)
    updates = {
        environment_id: update_environment(environment_id, of_one, present, archived)
        for environment_id, of_one in by_environment.items()
    }
    environments = _environments(objects, by_environment, updates, present)
    changes = [
        Change(DBT_PROJECTS, project_rows(objects, present.account_id)),
        Change(DBT_ENVIRONMENTS, list(environments.values())),
        Change(DBT_JOBS, job_rows(objects, present.account_id)),
        *_run_changes(facts, runs, present.account_id),
        _job_status(runs, present),
        *(change for update in updates.values() for change in update.changes),
        *plan_docs_of_all(
            environments,
            [update.news for update in updates.values()],
            reach,
            present,
            archived.blob,
        ),
    ]
    orphans = [hashed for update in updates.values() for hashed in update.orphaned_code]
    return _merged(_without_unused_code(changes)), orphans


def _run_changes(
    facts: Sequence[RunFacts], runs: Sequence[RunRow], account_id: int
) -> list[Change]:
    """Rows that belong to one run; whatever the run had before is replaced."""
    scope = {"account_id": [account_id], "run_id": [run.run_id for run in runs]}
    return [
        Change(DBT_RUNS, runs),
        Change(DBT_RUN_STEPS, [row for run in facts for row in run.steps], replaces=scope),
        Change(
            DBT_INVOCATIONS,
            DBT_INVOCATIONS.keyed(row for run in facts for row in run.invocations.values()),
            replaces=scope,
        ),
        Change(
            DBT_NODE_EXECUTIONS,
            DBT_NODE_EXECUTIONS.keyed(row for run in facts for row in run.executions),
            replaces=scope,
        ),
        Change(
            DBT_TEST_RESULTS,
            DBT_TEST_RESULTS.keyed(row for run in facts for row in run.tests),
            replaces=scope,
        ),
        Change(
            DBT_SOURCE_FRESHNESS,
            DBT_SOURCE_FRESHNESS.keyed(row for run in facts for row in run.freshness),
            replaces=scope,
        ),
        Change(SYNC_ARTIFACTS, [row for run in facts for row in run.artifacts], replaces=scope),
        Change(DBT_CODE, [row for run in facts for row in run.code.values()]),
    ]


def _environments(
    objects: AccountObjects,
    by_environment: Mapping[int, Sequence[RunFacts]],
    updates: Mapping[int, EnvironmentUpdate],
    present: Present,
) -> dict[int, EnvironmentRow]:
    """Every environment's row after the batch, by id."""
    environments = {
        **(before := present.environments()),
        **{
            row.environment_id: row for row in environment_rows(objects, present.account_id, before)
        },
    }
    for environment_id, facts in by_environment.items():
        row = environments.get(environment_id) or _unlisted(facts[-1], present.account_id)
        definitions = updates[environment_id].definitions
        finished = [run.entry.run.finished_at for run in facts] + [row.metadata_as_of]
        environments[environment_id] = structs.replace(
            row,
            definitions_run_id=definitions.run_id if definitions else row.definitions_run_id,
            definitions_at=definitions.run_started_at if definitions else row.definitions_at,
            metadata_as_of=max((moment for moment in finished if moment), default=None),
        )
    return environments


def _unlisted(facts: RunFacts, account_id: int) -> EnvironmentRow:
    """Stand in for an environment that dbt Cloud no longer lists, though runs still name it."""
    deployment_type = facts.entry.run.environment_deployment_type
    return EnvironmentRow(
        account_id=account_id,
        environment_id=facts.context.environment_id,
        project_id=facts.context.project_id,
        name=f"Environment {facts.context.environment_id}",
        type=None,
        deployment_type=deployment_type,
        is_production=deployment_type == "production",
        dbt_version=None,
        custom_branch=None,
        is_deleted=True,
        created_at=None,
        updated_at=None,
        definitions_run_id=None,
        definitions_at=None,
        metadata_as_of=None,
    )


def _job_status(runs: Sequence[RunRow], present: Present) -> Change:
    job_ids = sorted({run.job_id for run in runs if run.job_id is not None})
    known = {run.run_id: run for run in present.recent_runs(job_ids)}
    known |= {run.run_id: run for run in runs}
    by_job: defaultdict[int | None, list[RunRow]] = defaultdict(list)
    for run in known.values():
        by_job[run.job_id].append(run)
    rows = [job_status_row(by_job[job_id]) for job_id in job_ids]
    return Change(DBT_JOB_STATUS, [row for row in rows if row is not None])


def _without_unused_code(changes: Sequence[Change]) -> list[Change]:
    """Leave out texts that no row of the batch refers to.

    A later run of the batch has compiled the node anew, or the row is stored already and its text
    with it. Such texts would be sent only to be deleted.
    """
    referred = [
        (change, attrgetter(column.name))
        for change in changes
        for column in change.table.columns
        if column.name.endswith("_code_hash")
    ]
    used = {code_hash(row) for change, code_hash in referred for row in change.rows}
    own_hash = attrgetter("code_hash")
    return [
        replace(change, rows=[row for row in change.rows if own_hash(row) in used])
        if change.table is DBT_CODE
        else change
        for change in changes
    ]


def _merged(changes: Sequence[Change]) -> list[Change]:
    """Join the changes of one table, so that it is staged once; leave out empty ones.

    Those that name what they replace by other columns stay apart: joined, each would narrow the
    other.
    """
    merged: dict[tuple[str, ...], Change] = {}
    for change in changes:
        of = (change.table.name, *sorted(change.replaces))
        known = merged.get(of, Change(change.table, ()))
        replaces = {
            name: [*known.replaces.get(name, ()), *change.replaces.get(name, ())]
            for name in {**known.replaces, **change.replaces}
        }
        rows = change.table.keyed([*known.rows, *change.rows])
        merged[of] = Change(change.table, rows, replaces)
    return [change for change in merged.values() if change.rows or change.replaces]
