-- job_health: how reliable and how fast each job is, its last 30 runs against the 30 before.
--
-- Finished runs count, of any branch and with or without artifacts. Durations are those of the
-- successful ones: a run that breaks off early is not a fast one.
--
-- grain    job
-- reads    dbt_jobs, dbt_projects, dbt_environments, dbt_runs, dbt_job_status
-- columns
--   account_id                dbt Cloud account.
--   project_id                dbt Cloud project.
--   project_name              Project name.
--   environment_id            dbt Cloud environment.
--   environment_name          Environment name.
--   is_production             Whether it is the production environment.
--   job_id                    dbt Cloud job.
--   job_name                  Name of the job.
--   job_type                  scheduled, ci, merge, adaptive or other.
--   is_scheduled              Whether its schedule is on.
--   is_deleted                Whether it is gone from dbt Cloud.
--   health                    failing, warning or healthy: its newest finished run; empty before one.
--   health_detail             Why, in one sentence.
--   last_run_id               Newest finished run.
--   last_run_status           Status of that run.
--   last_started_at           When that run started, UTC; empty when it never did.
--   last_finished_at          When that run finished, UTC.
--   last_run_seconds          Seconds that run took.
--   last_run_url              That run's page in dbt Cloud.
--   runs                      Finished runs counted, the newest 30 at most.
--   runs_success              Those that succeeded.
--   runs_error                Those that failed.
--   runs_cancelled            Those that were cancelled.
--   success_percent           Successful ones of all of them, in per cent.
--   last_success_at           When the newest successful one finished, UTC.
--   seconds_p50               Median seconds of the successful ones.
--   seconds_p95               Seconds that 95 in 100 of them stayed below.
--   previous_runs_success     Successful ones among the 30 runs before.
--   previous_success_percent  Successful ones of those, in per cent.
--   previous_seconds_p50      Median seconds of those.
--   previous_seconds_p95      Seconds that 95 in 100 of those stayed below.
--   slowdown                  seconds_p50 divided by previous_seconds_p50.
--   is_slower                 Whether that is more than 1.2; empty with fewer than 5 successful runs
--                             on either side.
--   job_id_text               job_id as text.
--   last_run_id_text          last_run_id as text.
with ranked as (
    select
        account_id,
        job_id,
        run_id,
        status,
        finished_at,
        run_seconds,
        run_url,
        row_number() over (
            partition by account_id, job_id
            order by coalesce(started_at, created_at) desc nulls last, run_id desc
        ) as place
    from dbt_runs
    where status in ('success', 'error', 'cancelled')
    qualify place <= 60
),

counted as (
    select
        account_id,
        job_id,
        place,
        place <= 30 as is_recent,
        status,
        finished_at,
        case when status = 'success' and place <= 30 then run_seconds end as recent_seconds,
        case when status = 'success' and place > 30 then run_seconds end as previous_seconds
    from ranked
),

totals as (
    select
        account_id,
        job_id,
        count(case when is_recent then 1 end) as runs,
        count(case when is_recent and status = 'success' then 1 end) as runs_success,
        count(case when is_recent and status = 'error' then 1 end) as runs_error,
        count(case when is_recent and status = 'cancelled' then 1 end) as runs_cancelled,
        max(case when is_recent and status = 'success' then finished_at end) as last_success_at,
        count(recent_seconds) as recent_timed,
        percentile_cont(0.5) within group (order by recent_seconds) as seconds_p50,
        percentile_cont(0.95) within group (order by recent_seconds) as seconds_p95,
        count(case when not is_recent then 1 end) as previous_runs,
        count(case when not is_recent and status = 'success' then 1 end) as previous_runs_success,
        count(previous_seconds) as previous_timed,
        percentile_cont(0.5) within group (order by previous_seconds) as previous_seconds_p50,
        percentile_cont(0.95) within group (order by previous_seconds) as previous_seconds_p95
    from counted
    group by account_id, job_id
)

select
    jobs.account_id,
    jobs.project_id,
    projects.name as project_name,
    jobs.environment_id,
    environments.name as environment_name,
    coalesce(environments.is_production, false) as is_production,
    jobs.job_id,
    jobs.name as job_name,
    jobs.job_type,
    jobs.is_scheduled,
    jobs.is_deleted,
    job_status.health,
    job_status.health_detail,
    job_status.last_run_id,
    job_status.last_status as last_run_status,
    job_status.last_started_at,
    job_status.last_finished_at,
    last_run.run_seconds as last_run_seconds,
    last_run.run_url as last_run_url,
    coalesce(totals.runs, 0) as runs,
    coalesce(totals.runs_success, 0) as runs_success,
    coalesce(totals.runs_error, 0) as runs_error,
    coalesce(totals.runs_cancelled, 0) as runs_cancelled,
    case when totals.runs > 0 then round(100.0 * totals.runs_success / totals.runs, 1) end
        as success_percent,
    totals.last_success_at,
    totals.seconds_p50,
    totals.seconds_p95,
    coalesce(totals.previous_runs_success, 0) as previous_runs_success,
    case
        when totals.previous_runs > 0
            then round(100.0 * totals.previous_runs_success / totals.previous_runs, 1)
    end as previous_success_percent,
    totals.previous_seconds_p50,
    totals.previous_seconds_p95,
    totals.seconds_p50 / nullif(totals.previous_seconds_p50, 0) as slowdown,
    case
        when totals.recent_timed >= 5 and totals.previous_timed >= 5
            then totals.seconds_p50 > 1.2 * totals.previous_seconds_p50
    end as is_slower,
    cast(jobs.job_id as varchar) as job_id_text,
    cast(job_status.last_run_id as varchar) as last_run_id_text
from dbt_jobs as jobs
left join dbt_projects as projects
    on projects.account_id = jobs.account_id
    and projects.project_id = jobs.project_id
left join dbt_environments as environments
    on environments.account_id = jobs.account_id
    and environments.environment_id = jobs.environment_id
left join dbt_job_status as job_status
    on job_status.account_id = jobs.account_id
    and job_status.job_id = jobs.job_id
left join dbt_runs as last_run
    on last_run.account_id = jobs.account_id
    and last_run.run_id = job_status.last_run_id
left join totals
    on totals.account_id = jobs.account_id
    and totals.job_id = jobs.job_id
