-- dbt_tab_tests: every test on a relation or column, with its last result.
--
-- A relationships test appears on both sides; role says which side it judges.
--
-- grain    test, relation or column, and role, per environment
-- reads    dbt_test_targets, dbt_tests, dbt_relations, dbt_environments, dbt_node_status, dbt_runs
-- columns
--   account_id         dbt Cloud account.
--   project_id         dbt Cloud project.
--   environment_id     dbt Cloud environment.
--   environment_name   Environment name.
--   is_production      Whether it is the production environment.
--   node_key           Relation: joins dbt_tab by one column.
--   relation_key       DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id          dbt's id of the relation.
--   model_name         Relation's name in the dbt project.
--   column_key         Column in dbt_tab_columns; empty text for tests of the whole relation.
--   column_name        Column as the project writes it.
--   test_unique_id     dbt's id of the test.
--   test_name          Name of the test in the dbt project.
--   test_kind          generic, singular or unit.
--   generic_test_name  Generic test it uses, such as unique.
--   test_role          tested, referenced or input: what the test has to do with the relation.
--   severity           error or warn.
--   test_description   Description of the test.
--   last_status        Result of the last time it ran: pass, warn, fail or error.
--   last_status_group  ok, warn or bad; empty when it never ran.
--   last_run_at        When that was, UTC.
--   last_pass_at       When it last passed, UTC.
--   failing_since_at   First failure since it last passed, UTC; empty when it is not failing.
--   failures           Failing rows of the last time it ran.
--   message            What dbt said, quoted values hidden.
--   failures_relation  Relation with the failing rows, where the project keeps them.
--   job_id             Job that last ran it.
--   run_id             Run that last ran it.
--   run_url            That run's page in dbt Cloud.
--   result_detail      That result in one phrase: what it ended with, where, how many rows, and why.
--   job_id_text        job_id as text.
--   run_id_text        run_id as text.
select
    targets.account_id,
    targets.project_id,
    targets.environment_id,
    environments.name as environment_name,
    coalesce(environments.is_production, false) as is_production,
    targets.node_key,
    relations.relation_key,
    targets.target_unique_id as unique_id,
    relations.model_name,
    targets.column_key,
    case when targets.column_key <> '' then tests.column_name end as column_name,
    targets.test_unique_id,
    tests.name as test_name,
    tests.kind as test_kind,
    tests.test_name as generic_test_name,
    targets.role as test_role,
    tests.severity,
    tests.description as test_description,
    status.attempt_status as last_status,
    status.attempt_status_group as last_status_group,
    status.attempted_at as last_run_at,
    status.ok_at as last_pass_at,
    status.failing_since_at,
    status.attempt_failures as failures,
    status.attempt_message as message,
    tests.failures_relation,
    status.attempt_job_id as job_id,
    status.attempt_run_id as run_id,
    runs.run_url,
    case
        when status.attempt_status is null then 'never ran'
        else
            case status.attempt_status
                when 'pass' then 'passed'
                when 'fail' then 'failed'
                when 'warn' then 'warned'
                else 'ended with ' || status.attempt_status
            end
            || coalesce(
                ' in step ' || cast(status.attempt_step_index as varchar)
                || ' of run ' || cast(status.attempt_run_id as varchar),
                ''
            )
            || case
                when status.attempt_failures = 1 then ', 1 row'
                when status.attempt_failures > 1
                    then ', ' || cast(status.attempt_failures as varchar) || ' rows'
                else ''
            end
            || case
                when status.attempt_status_group = 'ok' then ''
                when status.attempt_failures > 0 and (
                    status.attempt_message like 'Got % configured to % if != 0'
                    or status.attempt_message in ('Warn', 'Error')
                ) then ''
                else coalesce(': ' || status.attempt_message, '')
            end
    end as result_detail,
    cast(status.attempt_job_id as varchar) as job_id_text,
    cast(status.attempt_run_id as varchar) as run_id_text
from dbt_test_targets as targets
inner join dbt_tests as tests
    on tests.account_id = targets.account_id
    and tests.environment_id = targets.environment_id
    and tests.test_unique_id = targets.test_unique_id
inner join dbt_relations as relations
    on relations.account_id = targets.account_id
    and relations.environment_id = targets.environment_id
    and relations.unique_id = targets.target_unique_id
left join dbt_environments as environments
    on environments.account_id = targets.account_id
    and environments.environment_id = targets.environment_id
left join dbt_node_status as status
    on status.account_id = targets.account_id
    and status.environment_id = targets.environment_id
    and status.unique_id = targets.test_unique_id
left join dbt_runs as runs
    on runs.account_id = targets.account_id
    and runs.run_id = status.attempt_run_id
