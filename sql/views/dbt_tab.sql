-- dbt_tab: what Sigma's dbt tab shows for a table, one row per relation and environment.
--
-- health judges the relation alone; job_health judges the job that last ran it.
--
-- grain    relation per environment; is_primary picks one row per relation_key
-- reads    dbt_relations, dbt_projects, dbt_environments, dbt_jobs, dbt_job_status, dbt_runs,
--          dbt_run_steps, dbt_node_status, dbt_tab_tests, dbt_tab_columns, dbt_doc_changes,
--          sigma_table_syncs
-- columns
--   account_id             dbt Cloud account.
--   project_id             dbt Cloud project.
--   project_name           Project name.
--   environment_id         dbt Cloud environment.
--   environment_name       Environment name.
--   is_production          Whether it is the production environment.
--   is_primary             True for exactly one row per relation_key: join on it safely.
--   node_key               Joins the other dbt_tab views by one column.
--   relation_key           DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   database_name          Database, as the warehouse holds it.
--   schema_name            Schema, as the warehouse holds it.
--   table_name             Table or view name, as the warehouse holds it.
--   unique_id              dbt's id of the node.
--   resource_type          model, seed, snapshot or source.
--   materialized           table, view, incremental, seed, snapshot.
--   model_name             Name in the dbt project.
--   relation_name          Relation as dbt writes it in SQL.
--   description            Description written in the dbt project.
--   owner_name             Owner's name.
--   owner_email            Owner's e-mail address.
--   group_name             dbt group.
--   tags_text              Tags, separated by commas.
--   last_run_at            When dbt last ran it (for sources: last checked its freshness), UTC.
--   last_built_at          When dbt last built it successfully, UTC.
--   execution_seconds      Seconds dbt spent on it then.
--   last_status            Result of that last run; skips do not count.
--   latest_status          Newest result of all, skips included.
--   latest_status_at       When that was, UTC.
--   rows_affected          Rows that last run wrote, where the adapter says.
--   query_id               Warehouse query of that last run.
--   health                 failing, warning, healthy or unknown.
--   health_detail          Why, in one sentence.
--   job_id                 Job of that last run.
--   job_name               Name of that job.
--   run_id                 Run of that last run.
--   run_url                That run's page in dbt Cloud.
--   run_status             Status of that run as a whole.
--   run_started_at         When that run started, UTC.
--   run_finished_at        When that run finished, UTC.
--   run_seconds            Seconds that run took in all.
--   run_seconds_p50        Median seconds of that job's recent successful runs.
--   job_health             failing, warning or healthy: the newest finished run of that job.
--   job_health_detail      Why, in one sentence.
--   tests_total            Tests that judge the relation or a column of it.
--   tests_passing          Those that passed the last time they ran.
--   tests_warning          Those that warned.
--   tests_failing          Those that failed.
--   columns_total          Columns known.
--   columns_documented     Columns with a description.
--   persist_docs_relation  Whether dbt writes the description into the warehouse.
--   persist_docs_columns   Whether dbt writes column descriptions into the warehouse.
--   docs_state             How far its descriptions have come, as in dbt_tab_columns; that of the
--                          one that is least far. accepted: Sigma synced, nothing to read back.
--   downstream_count       Models, seeds and snapshots that read it, directly or not.
--   exposure_count         Exposures that read it, directly or not.
--   status_line            All of this in one line.
--   sigma_url              The table in Sigma; known once Sigma was asked to sync it.
--   metadata_as_of         Finish of the newest run these facts come from, UTC.
--   job_id_text            job_id as text.
--   run_id_text            run_id as text.
with ranked_tests as (
    select account_id, environment_id, unique_id, test_name, last_status_group, result_detail,
        row_number() over (
            partition by account_id, environment_id, unique_id
            order by
                case last_status_group when 'bad' then 0 when 'warn' then 1 else 2 end,
                last_run_at desc nulls last,
                test_unique_id
        ) as place
    from dbt_tab_tests
    where test_role = 'tested'
),

tests as (
    select
        account_id,
        environment_id,
        unique_id,
        count(*) as tests_total,
        count(case when last_status_group = 'ok' then 1 end) as tests_passing,
        count(case when last_status_group = 'warn' then 1 end) as tests_warning,
        count(case when last_status_group = 'bad' then 1 end) as tests_failing,
        max(
            case when place = 1 and last_status_group in ('bad', 'warn') then
                'test ' || test_name || ' ' || result_detail
            end
        ) as worst_test
    from ranked_tests
    group by account_id, environment_id, unique_id
),

cols as (
    select
        account_id,
        environment_id,
        unique_id,
        count(*) as columns_total,
        count(case when is_documented then 1 end) as columns_documented,
        count(case when docs_state = 'mismatch' then 1 end) as columns_mismatched
    from dbt_tab_columns
    group by account_id, environment_id, unique_id
),

newest_changes as (
    select account_id, environment_id, unique_id, column_key, state
    from dbt_doc_changes
    qualify row_number() over (
        partition by account_id, environment_id, unique_id, column_key
        order by changed_at desc, run_id desc
    ) = 1
),

docs as (
    select
        account_id,
        environment_id,
        unique_id,
        max(case when column_key = '' then state end) as own_state,
        min(
            case state
                when 'mismatch' then '1 mismatch'
                when 'failed' then '2 failed'
                when 'waiting_for_build' then '3 waiting_for_build'
                when 'built' then '4 built'
                when 'verified' then '5 verified'
                when 'sent' then '6 sent'
                when 'unconfirmed' then '7 unconfirmed'
                when 'accepted' then '8 accepted'
                when 'confirmed' then '9 confirmed'
            end
        ) as least_far
    from newest_changes
    where state not in ('baseline', 'superseded')
    group by account_id, environment_id, unique_id
),

addresses as (
    select account_id, project_id, relation_key, max_by(sigma_url, requested_at) as sigma_url
    from sigma_table_syncs
    where sigma_url is not null
    group by account_id, project_id, relation_key
),

facts as (
    select
        relations.*,
        projects.name as project_name,
        environments.name as environment_name,
        coalesce(environments.is_production, false) as is_production,
        environments.metadata_as_of,
        coalesce(status.attempted_at, status.freshness_at) as last_run_at,
        case when relations.resource_type <> 'source' then status.ok_at end as last_built_at,
        status.attempt_seconds as execution_seconds,
        coalesce(status.attempt_status, status.freshness_status) as last_status,
        coalesce(status.latest_status, status.freshness_status) as latest_status,
        coalesce(status.latest_at, status.freshness_at) as latest_status_at,
        status.attempt_rows_affected as rows_affected,
        status.attempt_query_id as query_id,
        coalesce(status.attempt_job_id, status.freshness_job_id) as job_id,
        coalesce(status.attempt_run_id, status.freshness_run_id) as run_id,
        coalesce(status.attempt_step_index, status.freshness_step_index) as step_index,
        status.attempt_status_group,
        status.attempt_message,
        status.freshness_status,
        status.freshness_status_group,
        status.freshness_run_id,
        status.freshness_step_index,
        status.max_loaded_at,
        status.freshness_message,
        status.latest_run_id,
        status.latest_root_cause,
        status.ok_job_id,
        status.ok_at_text,
        coalesce(
            status.latest_status_group = 'skipped'
            and (status.ok_at is null or status.latest_at > status.ok_at),
            false
        ) as is_skipped_since,
        coalesce(tests.tests_total, 0) as tests_total,
        coalesce(tests.tests_passing, 0) as tests_passing,
        coalesce(tests.tests_warning, 0) as tests_warning,
        coalesce(tests.tests_failing, 0) as tests_failing,
        tests.worst_test,
        coalesce(cols.columns_total, 0) as columns_total,
        coalesce(cols.columns_documented, 0) as columns_documented,
        coalesce(cols.columns_mismatched, 0) as columns_mismatched,
        docs.own_state,
        docs.least_far
    from dbt_relations as relations
    left join dbt_projects as projects
        on projects.account_id = relations.account_id
        and projects.project_id = relations.project_id
    left join dbt_environments as environments
        on environments.account_id = relations.account_id
        and environments.environment_id = relations.environment_id
    left join dbt_node_status as status
        on status.account_id = relations.account_id
        and status.environment_id = relations.environment_id
        and status.unique_id = relations.unique_id
    left join tests
        on tests.account_id = relations.account_id
        and tests.environment_id = relations.environment_id
        and tests.unique_id = relations.unique_id
    left join cols
        on cols.account_id = relations.account_id
        and cols.environment_id = relations.environment_id
        and cols.unique_id = relations.unique_id
    left join docs
        on docs.account_id = relations.account_id
        and docs.environment_id = relations.environment_id
        and docs.unique_id = relations.unique_id
    where relations.relation_key is not null
),

judged as (
    select
        facts.*,
        case
            when attempt_status_group = 'bad' or freshness_status_group = 'bad' or tests_failing > 0
                then 'failing'
            when attempt_status_group in ('warn', 'other') or freshness_status_group = 'warn'
                or tests_warning > 0 or is_skipped_since
                then 'warning'
            when attempt_status_group is null and freshness_status_group is null
                and tests_passing = 0
                then 'unknown'
            else 'healthy'
        end as health
    from facts
)

select
    judged.account_id,
    judged.project_id,
    judged.project_name,
    judged.environment_id,
    judged.environment_name,
    judged.is_production,
    row_number() over (
        partition by judged.account_id, judged.relation_key
        order by
            case when judged.is_production then 0 else 1 end,
            case when judged.resource_type = 'source' then 1 else 0 end,
            judged.last_built_at desc nulls last,
            judged.environment_id,
            judged.unique_id
    ) = 1 as is_primary,
    judged.node_key,
    judged.relation_key,
    judged.database_name,
    judged.schema_name,
    judged.table_name,
    judged.unique_id,
    judged.resource_type,
    judged.materialized,
    judged.model_name,
    judged.relation_name,
    judged.description,
    judged.owner_name,
    judged.owner_email,
    judged.group_name,
    judged.tags_text,
    judged.last_run_at,
    judged.last_built_at,
    judged.execution_seconds,
    judged.last_status,
    judged.latest_status,
    judged.latest_status_at,
    judged.rows_affected,
    judged.query_id,
    judged.health,
    case
        when judged.attempt_status_group in ('bad', 'warn', 'other') then
            'dbt ' || coalesce(steps.dbt_command, 'run') || ' ended with ' || judged.last_status
            || ' in step ' || cast(judged.step_index as varchar)
            || ' of run ' || cast(judged.run_id as varchar)
            || coalesce(': ' || judged.attempt_message, '')
        when judged.freshness_status_group = 'bad' or (
            judged.freshness_status_group = 'warn' and judged.tests_failing = 0
        ) then
            'source freshness ended with ' || judged.freshness_status
            || ' in step ' || cast(judged.freshness_step_index as varchar)
            || ' of run ' || cast(judged.freshness_run_id as varchar)
            || coalesce(': ' || judged.freshness_message, '')
        when judged.worst_test is not null and judged.tests_failing > 0 then
            judged.worst_test
            || case
                when judged.tests_failing > 1
                    then ' (and ' || cast(judged.tests_failing - 1 as varchar) || ' more)'
                else ''
            end
        when judged.is_skipped_since then
            'not rebuilt: '
            || coalesce(judged.latest_root_cause || ' failed', 'skipped')
            || ' in run ' || cast(judged.latest_run_id as varchar)
        when judged.worst_test is not null then judged.worst_test
        when judged.health = 'unknown' then 'no dbt job has run yet'
            || case
                when judged.resource_type = 'source' then ' that tests it or checks its freshness'
                else ''
            end
        else
            case
                when judged.attempt_status_group is not null then 'last run succeeded, '
                when judged.freshness_status_group is not null then 'fresh when dbt last looked, '
                else ''
            end
            || case
                when judged.tests_total = 0 then 'no tests'
                else cast(judged.tests_passing as varchar) || ' of '
                    || cast(judged.tests_total as varchar) || ' tests pass'
            end
    end as health_detail,
    judged.job_id,
    jobs.name as job_name,
    judged.run_id,
    runs.run_url,
    runs.status as run_status,
    runs.started_at as run_started_at,
    runs.finished_at as run_finished_at,
    runs.run_seconds,
    job_status.run_seconds_p50,
    job_status.health as job_health,
    job_status.health_detail as job_health_detail,
    judged.tests_total,
    judged.tests_passing,
    judged.tests_warning,
    judged.tests_failing,
    judged.columns_total,
    judged.columns_documented,
    judged.persist_docs_relation,
    judged.persist_docs_columns,
    case
        when not judged.persist_docs_relation and not judged.persist_docs_columns
            then 'not_persisted'
        when judged.least_far < '5' then substr(judged.least_far, 3)
        when judged.columns_mismatched > 0 or (
            judged.persist_docs_relation
            and judged.own_state is null
            and judged.catalog_type is not null
            and coalesce(judged.catalog_comment, '') <> judged.description
            and coalesce(replace(judged.catalog_comment, '[$]', '$'), '') <> judged.description
        ) then 'mismatch'
        when judged.least_far is not null then substr(judged.least_far, 3)
        when judged.catalog_type is null then 'unverified'
        else 'verified'
    end as docs_state,
    judged.downstream_count,
    judged.exposure_count,
    case
        when judged.resource_type = 'source' then 'Not built by dbt'
        when judged.ok_at_text is null then 'Never built'
        else 'Updated '
            || case
                when floor(date_part('epoch', judged.last_built_at) / 86400)
                    = floor(date_part('epoch', judged.metadata_as_of) / 86400)
                    then substr(judged.ok_at_text, 12, 5)
                else judged.ok_at_text
            end
            || ' UTC' || coalesce(' by ' || built_by.name, '')
    end
    || case
        when judged.tests_total = 0 then '; no tests'
        else '; ' || cast(judged.tests_passing as varchar) || ' of '
            || cast(judged.tests_total as varchar) || ' tests pass'
    end as status_line,
    addresses.sigma_url,
    judged.metadata_as_of,
    cast(judged.job_id as varchar) as job_id_text,
    cast(judged.run_id as varchar) as run_id_text
from judged
left join addresses
    on addresses.account_id = judged.account_id
    and addresses.project_id = judged.project_id
    and addresses.relation_key = judged.relation_key
left join dbt_runs as runs
    on runs.account_id = judged.account_id
    and runs.run_id = judged.run_id
left join dbt_run_steps as steps
    on steps.account_id = judged.account_id
    and steps.run_id = judged.run_id
    and steps.step_index = judged.step_index
left join dbt_jobs as jobs
    on jobs.account_id = judged.account_id
    and jobs.job_id = judged.job_id
left join dbt_jobs as built_by
    on built_by.account_id = judged.account_id
    and built_by.job_id = judged.ok_job_id
left join dbt_job_status as job_status
    on job_status.account_id = judged.account_id
    and job_status.job_id = judged.job_id
