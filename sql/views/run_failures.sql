-- run_failures: what went wrong in each run: what failed, and what was skipped because of it.
--
-- A failed node is its own root cause; a skipped one names the failed node or test above it. A stale
-- source is a failure of the source, even where the run itself went on and succeeded. A run that
-- failed without any result of a node, as when the project could not be parsed, has one row of its own.
-- Runs of pull requests and other branches are here too; feeds_state is false for them.
--
-- grain    failed or skipped node per dbt command of a run; one row for a failed run without any
-- reads    dbt_node_executions, dbt_source_freshness, dbt_runs, dbt_run_steps, dbt_environments,
--          dbt_jobs, dbt_node_status
-- columns
--   account_id            dbt Cloud account.
--   project_id            dbt Cloud project.
--   environment_id        dbt Cloud environment.
--   environment_name      Environment name.
--   is_production         Whether it is the production environment.
--   job_id                dbt Cloud job.
--   job_name              Name of the job.
--   run_id                dbt Cloud run.
--   run_url               That run's page in dbt Cloud.
--   run_status            Status of that run as a whole.
--   run_started_at        When that run started, UTC.
--   trigger_category      Why it ran: scheduled, api, ui, ci, merge or another category.
--   git_sha               Commit it built.
--   feeds_state           Whether it counts for the environment: false for pull requests and the like.
--   step_index            Step of the run.
--   dbt_command           dbt command of that step.
--   node_key              The node: joins dbt_tab by one column; empty for a run without results.
--   unique_id             dbt's id of the node; empty for a run without results.
--   resource_type         model, test, seed, snapshot, source; run for a run without results.
--   result_status         What it ended with, as dbt wrote it.
--   failed_at             When that was known, UTC.
--   failing_rows          Failing rows, for tests.
--   is_root_cause         True for what failed, false for what was skipped because of it.
--   root_cause_unique_id  dbt's id of what failed.
--   root_cause_key        node_key of what failed.
--   skipped_count         Nodes that were skipped because of it; 0 for skipped ones.
--   reason                What dbt said, quoted values hidden: for the run without results, and for the
--                         newest attempt of a node. Older texts are in the base tables.
--   run_id_text           run_id as text.
--   job_id_text           job_id as text.
with results as (
    select
        account_id,
        environment_id,
        job_id,
        run_id,
        step_index,
        invocation_id,
        feeds_state,
        node_key,
        unique_id,
        resource_type,
        status,
        status_group,
        completed_at as failed_at,
        failures,
        case when status_group = 'bad' then unique_id else root_cause end as root_cause_unique_id
    from dbt_node_executions
    where status_group = 'bad' or (status_group = 'skipped' and root_cause is not null)
    union all
    select
        account_id,
        environment_id,
        job_id,
        run_id,
        step_index,
        invocation_id,
        feeds_state,
        node_key,
        unique_id,
        'source' as resource_type,
        status,
        status_group,
        snapshotted_at as failed_at,
        null as failures,
        unique_id as root_cause_unique_id
    from dbt_source_freshness
    where status_group = 'bad'
),

causes as (
    select
        account_id,
        invocation_id,
        root_cause_unique_id,
        max(case when status_group = 'bad' then node_key end) as root_cause_key,
        count(case when status_group = 'skipped' then 1 end) as skipped_count
    from results
    group by account_id, invocation_id, root_cause_unique_id
),

failures as (
    select
        results.account_id,
        results.environment_id,
        results.job_id,
        results.run_id,
        results.step_index,
        results.feeds_state,
        results.node_key,
        results.unique_id,
        results.resource_type,
        results.status as result_status,
        results.failed_at,
        results.failures as failing_rows,
        results.status_group = 'bad' as is_root_cause,
        results.root_cause_unique_id,
        causes.root_cause_key,
        case when results.status_group = 'bad' then causes.skipped_count else 0 end
            as skipped_count,
        cast(null as varchar) as run_reason
    from results
    inner join causes
        on causes.account_id = results.account_id
        and causes.invocation_id = results.invocation_id
        and causes.root_cause_unique_id = results.root_cause_unique_id
    union all
    select
        runs.account_id,
        runs.environment_id,
        runs.job_id,
        runs.run_id,
        null as step_index,
        runs.feeds_state,
        null as node_key,
        null as unique_id,
        'run' as resource_type,
        runs.status as result_status,
        runs.finished_at as failed_at,
        null as failing_rows,
        true as is_root_cause,
        null as root_cause_unique_id,
        null as root_cause_key,
        0 as skipped_count,
        coalesce(runs.failure_detail, runs.status_message) as run_reason
    from dbt_runs as runs
    where runs.status = 'error'
        and not exists (
            select 1
            from results
            where results.account_id = runs.account_id
                and results.run_id = runs.run_id
                and results.status_group = 'bad'
        )
)

select
    failures.account_id,
    runs.project_id,
    failures.environment_id,
    environments.name as environment_name,
    coalesce(environments.is_production, false) as is_production,
    failures.job_id,
    jobs.name as job_name,
    failures.run_id,
    runs.run_url,
    runs.status as run_status,
    runs.started_at as run_started_at,
    runs.trigger_category,
    runs.git_sha,
    failures.feeds_state,
    failures.step_index,
    steps.dbt_command,
    failures.node_key,
    failures.unique_id,
    failures.resource_type,
    failures.result_status,
    failures.failed_at,
    failures.failing_rows,
    failures.is_root_cause,
    failures.root_cause_unique_id,
    failures.root_cause_key,
    failures.skipped_count,
    coalesce(
        failures.run_reason,
        case
            when not failures.is_root_cause then failures.root_cause_unique_id || ' failed'
            when failures.resource_type = 'source' then freshness.freshness_message
            else attempt.attempt_message
        end
    ) as reason,
    cast(failures.run_id as varchar) as run_id_text,
    cast(failures.job_id as varchar) as job_id_text
from failures
inner join dbt_runs as runs
    on runs.account_id = failures.account_id
    and runs.run_id = failures.run_id
left join dbt_run_steps as steps
    on steps.account_id = failures.account_id
    and steps.run_id = failures.run_id
    and steps.step_index = failures.step_index
left join dbt_environments as environments
    on environments.account_id = failures.account_id
    and environments.environment_id = failures.environment_id
left join dbt_jobs as jobs
    on jobs.account_id = failures.account_id
    and jobs.job_id = failures.job_id
left join dbt_node_status as attempt
    on attempt.account_id = failures.account_id
    and attempt.environment_id = failures.environment_id
    and attempt.unique_id = failures.unique_id
    and attempt.attempt_run_id = failures.run_id
    and attempt.attempt_step_index = failures.step_index
left join dbt_node_status as freshness
    on freshness.account_id = failures.account_id
    and freshness.environment_id = failures.environment_id
    and freshness.unique_id = failures.unique_id
    and freshness.freshness_run_id = failures.run_id
    and freshness.freshness_step_index = failures.step_index
