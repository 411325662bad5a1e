-- definition_changes: what changed in the project, in which commit, and how the next run of it went.
--
-- Changes of relations and of their columns as documented. The next result of a relation is its first
-- one from the run on that brought the change, skips included; a run that says nothing about the
-- environment is passed over.
--
-- grain    change of a relation or of a column, per environment
-- reads    dbt_node_versions, dbt_column_versions, dbt_node_executions, dbt_runs, dbt_jobs,
--          dbt_environments
-- columns
--   account_id          dbt Cloud account.
--   project_id          dbt Cloud project.
--   environment_id      dbt Cloud environment.
--   environment_name    Environment name.
--   is_production       Whether it is the production environment.
--   node_key            Relation: joins dbt_tab by one column.
--   unique_id           dbt's id of the relation.
--   model_name          Relation's name in the dbt project.
--   column_key          Column in dbt_tab_columns; empty text for a change of the relation.
--   changed_at          Start of the first run whose project has it, UTC.
--   change_kind         added, changed or removed.
--   changed_fields      What differs from before, such as: description, raw_code.
--   is_baseline         Whether it is no change, but what was found by the first run of all.
--   description_before  Description before.
--   description_after   Description since.
--   git_sha             Commit that brought it.
--   git_branch          Branch of that commit.
--   run_id              First run that built it.
--   run_url             That run's page in dbt Cloud.
--   run_status          Status of that run as a whole.
--   job_name            Name of that run's job.
--   next_status         Next result of the relation, as dbt wrote it; empty when there is none yet,
--                       and for sources.
--   next_status_group   ok, warn, bad or skipped.
--   next_at             When that was, UTC.
--   next_seconds        Seconds dbt spent on it then.
--   next_run_id         Run of that result.
--   next_run_url        That run's page in dbt Cloud.
--   run_id_text         run_id as text.
--   next_run_id_text    next_run_id as text.
with changes as (
    select account_id, project_id, environment_id, node_key, unique_id, '' as column_key,
        valid_from, change_kind, changed_fields, git_sha, run_id, description,
        lag(description) over (
            partition by account_id, environment_id, unique_id order by valid_from
        ) as description_before
    from dbt_node_versions
    union all
    select account_id, project_id, environment_id, node_key, unique_id, column_key,
        valid_from, change_kind, changed_fields, git_sha, run_id, description,
        lag(description) over (
            partition by account_id, environment_id, unique_id, column_key order by valid_from
        ) as description_before
    from dbt_column_versions
),

names as (
    select account_id, environment_id, unique_id, max_by(name, valid_from) as model_name
    from dbt_node_versions
    group by account_id, environment_id, unique_id
),

beginnings as (
    select account_id, environment_id, min(valid_from) as first_seen_at
    from dbt_node_versions
    group by account_id, environment_id
),

moments as (
    select distinct account_id, environment_id, unique_id, valid_from, run_id
    from changes
),

results as (
    select
        moments.account_id,
        moments.environment_id,
        moments.unique_id,
        moments.valid_from,
        executions.status as next_status,
        executions.status_group as next_status_group,
        executions.completed_at as next_at,
        executions.execution_seconds as next_seconds,
        executions.run_id as next_run_id
    from moments
    inner join dbt_node_executions as executions
        on executions.account_id = moments.account_id
        and executions.environment_id = moments.environment_id
        and executions.unique_id = moments.unique_id
        and executions.feeds_state
        and executions.completed_at >= moments.valid_from
    inner join dbt_runs as runs
        on runs.account_id = executions.account_id
        and runs.run_id = executions.run_id
        and runs.started_at >= moments.valid_from
    qualify row_number() over (
        partition by moments.account_id, moments.environment_id, moments.unique_id,
            moments.valid_from
        order by executions.completed_at, executions.run_id, executions.step_index
    ) = 1
)

select
    changes.account_id,
    changes.project_id,
    changes.environment_id,
    environments.name as environment_name,
    coalesce(environments.is_production, false) as is_production,
    changes.node_key,
    changes.unique_id,
    names.model_name,
    changes.column_key,
    changes.valid_from as changed_at,
    changes.change_kind,
    changes.changed_fields,
    changes.change_kind = 'added' and changes.valid_from = beginnings.first_seen_at as is_baseline,
    changes.description_before,
    case when changes.change_kind <> 'removed' then changes.description end as description_after,
    changes.git_sha,
    runs.git_branch,
    changes.run_id,
    runs.run_url,
    runs.status as run_status,
    jobs.name as job_name,
    results.next_status,
    results.next_status_group,
    results.next_at,
    results.next_seconds,
    results.next_run_id,
    next_runs.run_url as next_run_url,
    cast(changes.run_id as varchar) as run_id_text,
    cast(results.next_run_id as varchar) as next_run_id_text
from changes
left join names
    on names.account_id = changes.account_id
    and names.environment_id = changes.environment_id
    and names.unique_id = changes.unique_id
left join beginnings
    on beginnings.account_id = changes.account_id
    and beginnings.environment_id = changes.environment_id
left join results
    on results.account_id = changes.account_id
    and results.environment_id = changes.environment_id
    and results.unique_id = changes.unique_id
    and results.valid_from = changes.valid_from
left join dbt_runs as runs
    on runs.account_id = changes.account_id
    and runs.run_id = changes.run_id
left join dbt_jobs as jobs
    on jobs.account_id = runs.account_id
    and jobs.job_id = runs.job_id
left join dbt_runs as next_runs
    on next_runs.account_id = results.account_id
    and next_runs.run_id = results.next_run_id
left join dbt_environments as environments
    on environments.account_id = changes.account_id
    and environments.environment_id = changes.environment_id
