-- data_quality: how each relation stands in its tests, and since when it is not green.
--
-- Only tests that judge the relation or one of its columns count, each once: not those of which it is
-- the other side or an input. Green means that every test that ever ran has passed its last time;
-- a warning is not green.
--
-- grain    relation per environment
-- reads    dbt_relations, dbt_tab_tests, dbt_environments
-- columns
--   account_id           dbt Cloud account.
--   project_id           dbt Cloud project.
--   environment_id       dbt Cloud environment.
--   environment_name     Environment name.
--   is_production        Whether it is the production environment.
--   node_key             Joins dbt_tab by one column.
--   relation_key         DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id            dbt's id of the node.
--   resource_type        model, seed, snapshot or source.
--   model_name           Name in the dbt project.
--   owner_name           Owner's name.
--   tests_total          Tests of the relation and its columns.
--   tests_passing        Those that passed the last time they ran.
--   tests_warning        Those that warned.
--   tests_failing        Those that failed or could not run.
--   tests_never_run      Those that never ran.
--   passing_percent      Passing tests of those that ever ran, in per cent.
--   failing_rows         Rows the failing tests found, added up.
--   worst_test_name      The test in the worst state, the longest in it; empty when it is green.
--   worst_test_column    Column that test checks; empty for a test of the whole relation.
--   worst_test_status    What it ended with: fail, error or warn.
--   worst_test_rows      Failing rows it found.
--   failures_relation    Relation with those rows, where the project keeps them.
--   is_green             Whether every test that ever ran passed; empty when none ever ran.
--   last_tested_at       When any of its tests last ran, UTC.
--   last_green_at        When it was last seen green: the newest test if it is, else the oldest last
--                        pass of what does not pass; empty when one of those never passed, UTC.
--   seconds_since_green  Seconds from then to now.
--   failing_since_at     First failure of the test that has been failing longest, UTC.
--   failing_seconds      Seconds from then to now.
--   metadata_as_of       Finish of the newest run these facts come from, UTC.
with tests as (
    select *
    from dbt_tab_tests
    where test_role = 'tested'
    qualify row_number() over (
        partition by account_id, environment_id, unique_id, test_unique_id order by column_key desc
    ) = 1
),

ranked as (
    select
        tests.*,
        row_number() over (
            partition by account_id, environment_id, unique_id
            order by
                case last_status_group when 'bad' then 0 when 'warn' then 1 else 2 end,
                failing_since_at nulls last,
                last_pass_at nulls first,
                test_unique_id
        ) as place
    from tests
),

totals as (
    select
        account_id,
        environment_id,
        unique_id,
        count(*) as tests_total,
        count(case when last_status_group = 'ok' then 1 end) as tests_passing,
        count(case when last_status_group = 'warn' then 1 end) as tests_warning,
        count(case when last_status_group = 'bad' then 1 end) as tests_failing,
        count(case when last_status_group is null then 1 end) as tests_never_run,
        count(case when last_status_group <> 'ok' then 1 end) as tests_not_green,
        count(case when last_status_group <> 'ok' and last_pass_at is null then 1 end) as tests_never_green,
        cast(sum(case when last_status_group = 'bad' then failures end) as bigint) as failing_rows,
        max(last_run_at) as last_tested_at,
        min(case when last_status_group <> 'ok' then last_pass_at end) as oldest_pass_at,
        min(case when last_status_group = 'bad' then failing_since_at end) as failing_since_at
    from ranked
    group by account_id, environment_id, unique_id
),

judged as (
    select
        relations.account_id,
        relations.project_id,
        relations.environment_id,
        environments.name as environment_name,
        coalesce(environments.is_production, false) as is_production,
        relations.node_key,
        relations.relation_key,
        relations.unique_id,
        relations.resource_type,
        relations.model_name,
        relations.owner_name,
        coalesce(totals.tests_total, 0) as tests_total,
        coalesce(totals.tests_passing, 0) as tests_passing,
        coalesce(totals.tests_warning, 0) as tests_warning,
        coalesce(totals.tests_failing, 0) as tests_failing,
        coalesce(totals.tests_never_run, 0) as tests_never_run,
        totals.failing_rows,
        worst.test_name as worst_test_name,
        worst.column_name as worst_test_column,
        worst.last_status as worst_test_status,
        worst.failures as worst_test_rows,
        worst.failures_relation,
        case when totals.last_tested_at is not null then totals.tests_not_green = 0 end as is_green,
        totals.last_tested_at,
        case
            when totals.tests_not_green = 0 then totals.last_tested_at
            when totals.tests_never_green = 0 then totals.oldest_pass_at
        end as last_green_at,
        totals.failing_since_at,
        environments.metadata_as_of
    from dbt_relations as relations
    left join dbt_environments as environments
        on environments.account_id = relations.account_id
        and environments.environment_id = relations.environment_id
    left join totals
        on totals.account_id = relations.account_id
        and totals.environment_id = relations.environment_id
        and totals.unique_id = relations.unique_id
    left join ranked as worst
        on worst.account_id = relations.account_id
        and worst.environment_id = relations.environment_id
        and worst.unique_id = relations.unique_id
        and worst.place = 1
        and worst.last_status_group <> 'ok'
    where relations.relation_key is not null
)

select
    account_id,
    project_id,
    environment_id,
    environment_name,
    is_production,
    node_key,
    relation_key,
    unique_id,
    resource_type,
    model_name,
    owner_name,
    tests_total,
    tests_passing,
    tests_warning,
    tests_failing,
    tests_never_run,
    case
        when tests_total > tests_never_run
            then round(100.0 * tests_passing / (tests_total - tests_never_run), 1)
    end as passing_percent,
    failing_rows,
    worst_test_name,
    worst_test_column,
    worst_test_status,
    worst_test_rows,
    failures_relation,
    is_green,
    last_tested_at,
    last_green_at,
    datediff('second', last_green_at, current_timestamp) as seconds_since_green,
    failing_since_at,
    datediff('second', failing_since_at, current_timestamp) as failing_seconds,
    metadata_as_of
from judged
