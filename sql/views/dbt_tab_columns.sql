-- dbt_tab_columns: every column of every relation, with its description, types and tests.
--
-- grain    column of a relation per environment
-- reads    dbt_columns, dbt_relations, dbt_environments, dbt_tab_tests, dbt_doc_changes
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
--   column_key         Column name in lower case.
--   column_name        Column name as the warehouse holds it.
--   ordinal            Position in the relation.
--   description        Description written in the dbt project.
--   is_documented      Whether it has a description.
--   data_type          Type the warehouse reported, else the declared one.
--   declared_type      Type written in the project.
--   warehouse_comment  Comment the warehouse held when dbt last generated docs.
--   is_in_warehouse    Whether the warehouse has the column; empty when unknown.
--   tests_total        Tests that judge the column.
--   tests_passing      Those that passed the last time they ran.
--   tests_warning      Those that warned.
--   tests_failing      Those that failed.
--   worst_test_status  bad, warn or ok: the worst last result; empty without results.
--   docs_state         How far the description has come: not_persisted, waiting_for_build, built,
--                      verified or mismatch (the warehouse's comment), sent, confirmed,
--                      unconfirmed or failed (Sigma's); unverified: no catalog yet.
with results as (
    select
        account_id,
        environment_id,
        unique_id,
        column_key,
        count(*) as tests_total,
        count(case when last_status_group = 'ok' then 1 end) as tests_passing,
        count(case when last_status_group = 'warn' then 1 end) as tests_warning,
        count(case when last_status_group = 'bad' then 1 end) as tests_failing
    from dbt_tab_tests
    where test_role = 'tested' and column_key <> ''
    group by account_id, environment_id, unique_id, column_key
),

newest_changes as (
    select
        account_id,
        environment_id,
        unique_id,
        column_key,
        state
    from dbt_doc_changes
    qualify row_number() over (
        partition by account_id, environment_id, unique_id, column_key
        order by changed_at desc, run_id desc
    ) = 1
)

select
    cols.account_id,
    cols.project_id,
    cols.environment_id,
    environments.name as environment_name,
    coalesce(environments.is_production, false) as is_production,
    cols.node_key,
    relations.relation_key,
    cols.unique_id,
    relations.model_name,
    cols.column_key,
    cols.column_name,
    cols.ordinal,
    cols.description,
    cols.is_documented,
    coalesce(cols.catalog_type, cols.declared_type) as data_type,
    cols.declared_type,
    cols.catalog_comment as warehouse_comment,
    cols.is_in_warehouse,
    coalesce(results.tests_total, 0) as tests_total,
    coalesce(results.tests_passing, 0) as tests_passing,
    coalesce(results.tests_warning, 0) as tests_warning,
    coalesce(results.tests_failing, 0) as tests_failing,
    case
        when results.tests_failing > 0 then 'bad'
        when results.tests_warning > 0 then 'warn'
        when results.tests_passing > 0 then 'ok'
    end as worst_test_status,
    case
        when not relations.persist_docs_columns then 'not_persisted'
        when changes.state not in ('baseline', 'superseded') then changes.state
        when cols.is_in_warehouse is null then 'unverified'
        when cols.is_in_warehouse and (
            coalesce(cols.catalog_comment, '') = cols.description
            or replace(cols.catalog_comment, '[$]', '$') = cols.description
        ) then 'verified'
        else 'mismatch'
    end as docs_state
from dbt_columns as cols
inner join dbt_relations as relations
    on relations.account_id = cols.account_id
    and relations.environment_id = cols.environment_id
    and relations.unique_id = cols.unique_id
left join dbt_environments as environments
    on environments.account_id = cols.account_id
    and environments.environment_id = cols.environment_id
left join results
    on results.account_id = cols.account_id
    and results.environment_id = cols.environment_id
    and results.unique_id = cols.unique_id
    and results.column_key = cols.column_key
left join newest_changes as changes
    on changes.account_id = cols.account_id
    and changes.environment_id = cols.environment_id
    and changes.unique_id = cols.unique_id
    and changes.column_key = cols.column_key
