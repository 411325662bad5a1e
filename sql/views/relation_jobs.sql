-- relation_jobs: which jobs built each relation, or checked a source, in the last 30 days.
--
-- Only runs that say something about the environment count: no pull requests, no other branch or
-- schema. A run counts once, with the last result it had of the relation.
--
-- grain    relation and job, per environment
-- reads    dbt_node_executions, dbt_source_freshness, dbt_relations, dbt_environments, dbt_jobs,
--          dbt_runs
-- columns
--   account_id        dbt Cloud account.
--   project_id        dbt Cloud project.
--   environment_id    dbt Cloud environment.
--   environment_name  Environment name.
--   is_production     Whether it is the production environment.
--   node_key          Relation: joins dbt_tab by one column.
--   relation_key      DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id         dbt's id of the relation.
--   resource_type     model, seed, snapshot or source.
--   model_name        Relation's name in the dbt project.
--   job_id            dbt Cloud job.
--   job_name          Name of the job; empty when it is gone.
--   runs              Runs of the job in which it was built, checked or skipped.
--   runs_good         Those where it was built, or found fresh; warnings included.
--   runs_failed       Those where it failed, or was found stale.
--   runs_skipped      Those that skipped it.
--   last_status       Its result in the newest of these runs, as dbt wrote it.
--   last_at           When that was, UTC.
--   last_built_at     Its newest good result by this job, UTC.
--   last_run_id       That newest run.
--   last_run_url      That run's page in dbt Cloud.
--   first_at          Its oldest result by this job within the 30 days, UTC.
--   job_id_text       job_id as text.
--   last_run_id_text  last_run_id as text.
with results as (
    select account_id, environment_id, unique_id, job_id, run_id, step_index, status, status_group,
        completed_at as result_at
    from dbt_node_executions
    where feeds_state
        and resource_type in ('model', 'seed', 'snapshot')
        and datediff('day', completed_at, current_timestamp) <= 30
    union all
    select account_id, environment_id, unique_id, job_id, run_id, step_index, status, status_group,
        snapshotted_at as result_at
    from dbt_source_freshness
    where feeds_state and datediff('day', snapshotted_at, current_timestamp) <= 30
),

in_runs as (
    select *
    from results
    qualify row_number() over (
        partition by account_id, environment_id, unique_id, run_id
        order by result_at desc, step_index desc
    ) = 1
),

in_jobs as (
    select
        in_runs.*,
        row_number() over (
            partition by account_id, environment_id, unique_id, job_id
            order by result_at desc, run_id desc
        ) as place
    from in_runs
),

totals as (
    select
        account_id,
        environment_id,
        unique_id,
        job_id,
        count(*) as runs,
        count(case when status_group in ('ok', 'warn') then 1 end) as runs_good,
        count(case when status_group = 'bad' then 1 end) as runs_failed,
        count(case when status_group = 'skipped' then 1 end) as runs_skipped,
        max(case when place = 1 then status end) as last_status,
        max(result_at) as last_at,
        max(case when status_group in ('ok', 'warn') then result_at end) as last_built_at,
        max(case when place = 1 then run_id end) as last_run_id,
        min(result_at) as first_at
    from in_jobs
    group by account_id, environment_id, unique_id, job_id
)

select
    totals.account_id,
    relations.project_id,
    totals.environment_id,
    environments.name as environment_name,
    coalesce(environments.is_production, false) as is_production,
    relations.node_key,
    relations.relation_key,
    totals.unique_id,
    relations.resource_type,
    relations.model_name,
    totals.job_id,
    jobs.name as job_name,
    totals.runs,
    totals.runs_good,
    totals.runs_failed,
    totals.runs_skipped,
    totals.last_status,
    totals.last_at,
    totals.last_built_at,
    totals.last_run_id,
    runs.run_url as last_run_url,
    totals.first_at,
    cast(totals.job_id as varchar) as job_id_text,
    cast(totals.last_run_id as varchar) as last_run_id_text
from totals
inner join dbt_relations as relations
    on relations.account_id = totals.account_id
    and relations.environment_id = totals.environment_id
    and relations.unique_id = totals.unique_id
left join dbt_environments as environments
    on environments.account_id = totals.account_id
    and environments.environment_id = totals.environment_id
left join dbt_jobs as jobs
    on jobs.account_id = totals.account_id
    and jobs.job_id = totals.job_id
left join dbt_runs as runs
    on runs.account_id = totals.account_id
    and runs.run_id = totals.last_run_id
