-- slowest_models: what takes longest to build, its last 30 builds against the 30 before.
--
-- Good builds count, of runs that say something about the environment; skips and failures do not.
--
-- grain    model, seed or snapshot per environment
-- reads    dbt_node_executions, dbt_relations, dbt_environments
-- columns
--   account_id            dbt Cloud account.
--   project_id            dbt Cloud project.
--   environment_id        dbt Cloud environment.
--   environment_name      Environment name.
--   is_production         Whether it is the production environment.
--   node_key              Joins dbt_tab by one column.
--   relation_key          DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id             dbt's id of the node.
--   resource_type         model, seed or snapshot.
--   materialized          table, view, incremental, seed, snapshot.
--   model_name            Name in the dbt project.
--   owner_name            Owner's name.
--   executions            Good builds counted, the newest 30 at most.
--   seconds_p50           Median seconds of those.
--   seconds_p95           Seconds that 95 in 100 of those stayed below.
--   seconds_total         Seconds of those, added up.
--   previous_executions   Good builds counted before those, 30 at most.
--   previous_seconds_p50  Median seconds of those before.
--   slowdown              seconds_p50 divided by previous_seconds_p50.
--   is_slower             Whether that is more than 1.2; empty with fewer than 5 builds on either
--                         side.
--   last_seconds          Seconds of the newest one.
--   last_built_at         When that was, UTC.
--   rows_affected         Rows the newest one wrote, when the adapter says.
--   slowest_place         1 for the longest median of its environment.
with ranked as (
    select
        account_id,
        environment_id,
        unique_id,
        execution_seconds,
        rows_affected,
        completed_at,
        row_number() over (
            partition by account_id, environment_id, unique_id
            order by completed_at desc, run_id desc, step_index desc
        ) as place
    from dbt_node_executions
    where feeds_state
        and resource_type in ('model', 'seed', 'snapshot')
        and status_group in ('ok', 'warn')
        and status not in ('no-op', 'noop', 'reused')
        and execution_seconds is not null
    qualify place <= 60
),

counted as (
    select
        ranked.*,
        case when place <= 30 then execution_seconds end as recent_seconds,
        case when place > 30 then execution_seconds end as previous_seconds
    from ranked
),

totals as (
    select
        account_id,
        environment_id,
        unique_id,
        count(recent_seconds) as executions,
        percentile_cont(0.5) within group (order by recent_seconds) as seconds_p50,
        percentile_cont(0.95) within group (order by recent_seconds) as seconds_p95,
        sum(recent_seconds) as seconds_total,
        count(previous_seconds) as previous_executions,
        percentile_cont(0.5) within group (order by previous_seconds) as previous_seconds_p50,
        max(case when place = 1 then execution_seconds end) as last_seconds,
        max(completed_at) as last_built_at,
        max(case when place = 1 then rows_affected end) as rows_affected
    from counted
    group by account_id, environment_id, unique_id
)

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
    relations.materialized,
    relations.model_name,
    relations.owner_name,
    totals.executions,
    totals.seconds_p50,
    totals.seconds_p95,
    totals.seconds_total,
    totals.previous_executions,
    totals.previous_seconds_p50,
    totals.seconds_p50 / nullif(totals.previous_seconds_p50, 0) as slowdown,
    case
        when totals.executions >= 5 and totals.previous_executions >= 5
            then totals.seconds_p50 > 1.2 * totals.previous_seconds_p50
    end as is_slower,
    totals.last_seconds,
    totals.last_built_at,
    totals.rows_affected,
    row_number() over (
        partition by relations.account_id, relations.environment_id
        order by totals.seconds_p50 desc, relations.unique_id
    ) as slowest_place
from totals
inner join dbt_relations as relations
    on relations.account_id = totals.account_id
    and relations.environment_id = totals.environment_id
    and relations.unique_id = totals.unique_id
left join dbt_environments as environments
    on environments.account_id = totals.account_id
    and environments.environment_id = totals.environment_id
