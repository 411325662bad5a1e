-- data_freshness: how old the data of each relation is, and whether it is later than expected.
--
-- What dbt builds is judged now: it is late when no build is known that should have come, a tenth of
-- the interval and at least half an hour being allowed for runs that take longer and for the sync
-- itself. A source is judged at the moment dbt last looked, because nobody knows what was loaded since.
-- A build counts once per run, whatever the job. Weekends are no exception: a job that rests then
-- makes its relations late.
--
-- grain    relation per environment
-- reads    dbt_relations, dbt_sources, dbt_node_status, dbt_node_executions, dbt_environments
-- columns
--   account_id                 dbt Cloud account.
--   project_id                 dbt Cloud project.
--   environment_id             dbt Cloud environment.
--   environment_name           Environment name.
--   is_production              Whether it is the production environment.
--   node_key                   Joins dbt_tab by one column.
--   relation_key               DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id                  dbt's id of the node.
--   resource_type              model, seed, snapshot or source.
--   model_name                 Name in the dbt project.
--   owner_name                 Owner's name.
--   last_built_at              When dbt last built it successfully, UTC; empty for sources.
--   last_attempted_at          When dbt last tried to, UTC; later than last_built_at after a failure.
--   last_attempt_status        Result of that attempt.
--   max_loaded_at              Newest row of a source when dbt last looked, UTC.
--   freshness_checked_at       When dbt last looked, UTC; sources only.
--   data_as_of                 max_loaded_at of a source, last_built_at of the rest, UTC.
--   age_seconds                Seconds from data_as_of to now.
--   expected_interval_seconds  A source's threshold (warn_after, else error_after), else the median
--                              time between its last 20 good builds; empty when neither is known.
--   expected_from              warn_after, error_after or builds: where that interval is from.
--   builds_counted             Good builds the median rests on, 20 at most; two make one interval.
--   expected_by_at             data_as_of plus the interval, to the second, UTC.
--   judged_at                  The moment is_late speaks of: now, or when dbt last looked at a source.
--   is_late                    Whether newer data should have been there; empty when nothing is
--                              expected or nothing was ever built or looked at.
--   late_seconds               Seconds from expected_by_at to judged_at, where it is late.
--   metadata_as_of             Finish of the newest run these facts come from, UTC.
with built_in_runs as (
    select
        account_id,
        environment_id,
        unique_id,
        run_id,
        max(completed_at) as built_at
    from dbt_node_executions
    where feeds_state
        and resource_type in ('model', 'seed', 'snapshot')
        and status_group in ('ok', 'warn')
        and status not in ('no-op', 'noop', 'reused')
    group by account_id, environment_id, unique_id, run_id
    qualify row_number() over (
        partition by account_id, environment_id, unique_id
        order by max(completed_at) desc, run_id desc
    ) <= 20
),

builds as (
    select
        account_id,
        environment_id,
        unique_id,
        datediff(
            'second',
            lag(built_at) over (
                partition by account_id, environment_id, unique_id order by built_at, run_id
            ),
            built_at
        ) as gap_seconds
    from built_in_runs
),

rhythm as (
    select
        account_id,
        environment_id,
        unique_id,
        count(*) as builds_counted,
        median(gap_seconds) as gap_seconds
    from builds
    group by account_id, environment_id, unique_id
),

facts as (
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
        case when relations.resource_type <> 'source' then status.ok_at end as last_built_at,
        status.attempted_at as last_attempted_at,
        status.attempt_status as last_attempt_status,
        status.max_loaded_at,
        status.freshness_at as freshness_checked_at,
        case
            when relations.resource_type = 'source' then status.max_loaded_at
            else status.ok_at
        end as data_as_of,
        cast(
            case
                when relations.resource_type = 'source'
                    then coalesce(sources.warn_after_seconds, sources.error_after_seconds)
                else rhythm.gap_seconds
            end as double
        ) as expected_interval_seconds,
        case
            when sources.warn_after_seconds is not null then 'warn_after'
            when sources.error_after_seconds is not null then 'error_after'
            when rhythm.gap_seconds is not null then 'builds'
        end as expected_from,
        coalesce(rhythm.builds_counted, 0) as builds_counted,
        case
            when relations.resource_type = 'source' then status.freshness_at
            else current_timestamp
        end as judged_at,
        environments.metadata_as_of
    from dbt_relations as relations
    left join dbt_environments as environments
        on environments.account_id = relations.account_id
        and environments.environment_id = relations.environment_id
    left join dbt_sources as sources
        on sources.account_id = relations.account_id
        and sources.environment_id = relations.environment_id
        and sources.unique_id = relations.unique_id
    left join dbt_node_status as status
        on status.account_id = relations.account_id
        and status.environment_id = relations.environment_id
        and status.unique_id = relations.unique_id
    left join rhythm
        on rhythm.account_id = relations.account_id
        and rhythm.environment_id = relations.environment_id
        and rhythm.unique_id = relations.unique_id
    where relations.relation_key is not null
),

-- No function that adds seconds to a time is in both dialects, but both add days to a date and read
-- a text with an offset: seconds since 1970 become a day, and hours, minutes and seconds of it.
expected as (
    select
        facts.*,
        floor(date_part('epoch', data_as_of)) + round(expected_interval_seconds) as expected_epoch
    from facts
),

clocked as (
    select
        expected.*,
        cast(floor(expected_epoch / 86400) as integer) as expected_day,
        cast(floor(expected_epoch - floor(expected_epoch / 86400) * 86400) as integer)
            as expected_second
    from expected
),

judged as (
    select
        clocked.*,
        cast(
            cast(cast('1970-01-01' as date) + expected_day as varchar)
            || ' ' || lpad(cast(cast(floor(expected_second / 3600) as integer) as varchar), 2, '0')
            || ':' || lpad(
                cast(cast(floor(mod(expected_second, 3600) / 60) as integer) as varchar), 2, '0'
            )
            || ':' || lpad(cast(mod(expected_second, 60) as varchar), 2, '0')
            || '+00:00' as timestamp with time zone
        ) as expected_by_at,
        floor(date_part('epoch', judged_at)) - expected_epoch as over_seconds,
        case
            when resource_type = 'source' then 0
            else greatest(1800, expected_interval_seconds / 10)
        end as allowed_seconds
    from clocked
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
    last_built_at,
    last_attempted_at,
    last_attempt_status,
    max_loaded_at,
    freshness_checked_at,
    data_as_of,
    datediff('second', data_as_of, current_timestamp) as age_seconds,
    expected_interval_seconds,
    expected_from,
    builds_counted,
    expected_by_at,
    judged_at,
    over_seconds > allowed_seconds as is_late,
    case when over_seconds > allowed_seconds then over_seconds end as late_seconds,
    metadata_as_of
from judged
