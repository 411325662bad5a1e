-- sync_health: what a sync could not read or did not know, and how the newest sync went.
--
-- A file that is missing, unreadable or still to come explains why a run shows less than it did; a
-- newer version or unknown keys announce a dbt version that this package has not been tested with,
-- and whose files it reads all the same. The newest sync has a row of its own, with no run.
--
-- grain    problem of an artifact (run, step, artifact and problem), and one row per account
-- reads    sync_artifacts, sync_loads, dbt_environments, dbt_runs
-- columns
--   account_id        dbt Cloud account.
--   environment_id    dbt Cloud environment.
--   environment_name  Environment name.
--   run_id            dbt Cloud run; empty in the row of the newest sync.
--   run_url           The run in dbt Cloud.
--   step_index        Step of the run, counted from 1.
--   artifact          manifest, run_results, catalog or sources.
--   problem           unreadable, missing (dbt Cloud has none), open (may still come), oversized,
--                     newer_version or unknown_keys; in the row of the newest sync sync_warnings
--                     or none.
--   detail            Why, which version, which keys, or which warnings.
--   run_started_at    When the run started, UTC.
--   last_sync_at      When the newest sync that wrote something ended, UTC.
--   package_version   Version of sigma-dbt-sync that ran it.
--   run_id_text       run_id as text.
with last_sync as (
    select
        account_id,
        finished_at,
        package_version,
        runs_loaded,
        cast(warnings as varchar) as warnings_text
    from sync_loads
    qualify row_number() over (partition by account_id order by finished_at desc, load_id desc) = 1
),

problems as (
    select account_id, environment_id, run_id, step_index, artifact, run_started_at,
        state as problem,
        coalesce(reason, 'dbt Cloud has no such file for this step.') as detail
    from sync_artifacts
    where state in ('unreadable', 'missing', 'open', 'oversized')
    union all
    select account_id, environment_id, run_id, step_index, artifact, run_started_at,
        'newer_version' as problem,
        reason as detail
    from sync_artifacts
    where state = 'found' and reason is not null
    union all
    select account_id, environment_id, run_id, step_index, artifact, run_started_at,
        'unknown_keys' as problem,
        cast(unknown_keys as varchar) as detail
    from sync_artifacts
    where state = 'found' and unknown_keys is not null
    union all
    select account_id, null as environment_id, null as run_id, null as step_index,
        null as artifact, null as run_started_at,
        case when warnings_text = '[]' then 'none' else 'sync_warnings' end as problem,
        case
            when warnings_text <> '[]' then warnings_text
            else concat('Loaded ', cast(runs_loaded as varchar), ' runs without a warning.')
        end as detail
    from last_sync
)

select
    problems.account_id,
    problems.environment_id,
    environments.name as environment_name,
    problems.run_id,
    runs.run_url,
    problems.step_index,
    problems.artifact,
    problems.problem,
    problems.detail,
    problems.run_started_at,
    last_sync.finished_at as last_sync_at,
    last_sync.package_version,
    cast(problems.run_id as varchar) as run_id_text
from problems
left join last_sync
    on last_sync.account_id = problems.account_id
left join dbt_environments as environments
    on environments.account_id = problems.account_id
    and environments.environment_id = problems.environment_id
left join dbt_runs as runs
    on runs.account_id = problems.account_id
    and runs.run_id = problems.run_id
