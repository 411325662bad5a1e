-- flaky_tests: tests whose outcome changed among their last 30 results.
--
-- One change may be a repair or a new fault; two or more are called flaky: it went and came back. A
-- change between two runs of the same commit cannot come from the project. Only runs that say
-- something about the environment count; skips are no result.
--
-- grain    test per environment, of those whose outcome changed
-- reads    dbt_node_executions, dbt_runs, dbt_tests, dbt_test_targets, dbt_relations,
--          dbt_environments
-- columns
--   account_id         dbt Cloud account.
--   project_id         dbt Cloud project.
--   environment_id     dbt Cloud environment.
--   environment_name   Environment name.
--   is_production      Whether it is the production environment.
--   test_node_key      The test.
--   test_unique_id     dbt's id of the test.
--   test_name          Name of the test in the dbt project.
--   severity           error or warn.
--   node_key           Relation it judges: joins dbt_tab by one column; empty when it judges none.
--   relation_key       DATABASE.SCHEMA.IDENTIFIER of that relation.
--   model_name         That relation's name in the dbt project.
--   column_name        Column it checks.
--   results            Results counted, the newest 30 at most.
--   results_passed     Those that passed.
--   results_failed     Those that failed or could not run.
--   flips              How often one result differed from the one before: passed, warned or failed.
--   flips_same_commit  Of those, between runs of the same commit.
--   is_flaky           Whether there are two or more.
--   flip_percent       Flips of all pairs of neighbours, in per cent.
--   last_status        Newest result, as dbt wrote it.
--   last_at            When that was, UTC.
--   last_flip_at       When the outcome last changed, UTC.
with ranked as (
    select
        executions.account_id,
        executions.environment_id,
        executions.unique_id,
        executions.status,
        executions.status_group,
        executions.completed_at,
        executions.run_id,
        executions.step_index,
        runs.git_sha,
        row_number() over (
            partition by executions.account_id, executions.environment_id, executions.unique_id
            order by executions.completed_at desc, executions.run_id desc,
                executions.step_index desc
        ) as place
    from dbt_node_executions as executions
    left join dbt_runs as runs
        on runs.account_id = executions.account_id
        and runs.run_id = executions.run_id
    where executions.feeds_state
        and executions.resource_type in ('test', 'unit_test')
        and executions.status_group in ('ok', 'warn', 'bad')
    qualify place <= 30
),

neighbours as (
    select
        ranked.*,
        lead(status_group) over (
            partition by account_id, environment_id, unique_id order by place
        ) as status_group_before,
        lead(git_sha) over (
            partition by account_id, environment_id, unique_id order by place
        ) as git_sha_before
    from ranked
),

totals as (
    select
        account_id,
        environment_id,
        unique_id,
        count(*) as results,
        count(case when status_group = 'ok' then 1 end) as results_passed,
        count(case when status_group = 'bad' then 1 end) as results_failed,
        count(case when status_group <> status_group_before then 1 end) as flips,
        count(case when status_group <> status_group_before and git_sha = git_sha_before then 1 end)
            as flips_same_commit,
        max(case when place = 1 then status end) as last_status,
        max(completed_at) as last_at,
        max(case when status_group <> status_group_before then completed_at end) as last_flip_at
    from neighbours
    group by account_id, environment_id, unique_id
),

targets as (
    select *
    from dbt_test_targets
    where role = 'tested'
    qualify row_number() over (
        partition by account_id, environment_id, test_unique_id
        order by target_unique_id, column_key desc
    ) = 1
)

select
    totals.account_id,
    tests.project_id,
    totals.environment_id,
    environments.name as environment_name,
    coalesce(environments.is_production, false) as is_production,
    tests.node_key as test_node_key,
    tests.test_unique_id,
    tests.name as test_name,
    tests.severity,
    targets.node_key,
    relations.relation_key,
    relations.model_name,
    tests.column_name,
    totals.results,
    totals.results_passed,
    totals.results_failed,
    totals.flips,
    totals.flips_same_commit,
    totals.flips >= 2 as is_flaky,
    round(100.0 * totals.flips / (totals.results - 1), 1) as flip_percent,
    totals.last_status,
    totals.last_at,
    totals.last_flip_at
from totals
inner join dbt_tests as tests
    on tests.account_id = totals.account_id
    and tests.environment_id = totals.environment_id
    and tests.test_unique_id = totals.unique_id
left join targets
    on targets.account_id = totals.account_id
    and targets.environment_id = totals.environment_id
    and targets.test_unique_id = totals.unique_id
left join dbt_relations as relations
    on relations.account_id = targets.account_id
    and relations.environment_id = targets.environment_id
    and relations.unique_id = targets.target_unique_id
left join dbt_environments as environments
    on environments.account_id = totals.account_id
    and environments.environment_id = totals.environment_id
where totals.flips > 0
