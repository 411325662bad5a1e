-- sigma_sync_status: which tables Sigma still has to hear of, which it has synced, and why not yet.
--
-- A relation is here once one of its texts changed, its description or a column's, or once Sigma was
-- asked to sync it. A text waits until Sigma has synced the table since; a text that dbt does not
-- write into the warehouse waits for nothing, because it cannot reach Sigma that way.
--
-- grain    relation per environment, of those with a changed text or a sync
-- reads    dbt_relations, dbt_environments, dbt_doc_changes, sigma_table_syncs
-- columns
--   account_id            dbt Cloud account.
--   project_id            dbt Cloud project.
--   environment_id        dbt Cloud environment.
--   environment_name      Environment name.
--   is_production         Whether it is the production environment.
--   node_key              Joins dbt_tab by one column.
--   relation_key          DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id             dbt's id of the node.
--   resource_type         model, seed, snapshot or source.
--   model_name            Name in the dbt project.
--   owner_name            Owner's name.
--   owner_email           Owner's e-mail address.
--   delivery_state        sending; not_in_sigma, denied or failed (the last sync was refused); retry
--                         (it is sent again); ready (built or seen in the warehouse, to be sent);
--                         mismatch (the warehouse holds another text); waiting_for_build; then, with
--                         nothing waiting: unconfirmed (Sigma shows another text), confirmed,
--                         accepted (synced, nothing to read back) or not_persisted.
--   delivery_detail       Which texts, and why, in one sentence.
--   texts_waiting         Texts that wait for Sigma: the relation's own and those of columns.
--   columns_waiting       Those of columns.
--   waiting_since_at      Start of the run that brought the oldest text that waits, UTC.
--   waiting_seconds       Seconds from then to now.
--   texts_to_build        Of those that wait: dbt has not built the relation with the text.
--   texts_ready           Built by dbt, or seen in the warehouse: the next delivery sends them.
--   texts_mismatched      The warehouse holds another text than the project.
--   texts_failed          Refused; they are sent again after a day, or by `sigma-dbt-sync deliver`.
--   texts_verified        Of those that wait: seen in the warehouse as the project writes them.
--   texts_sent            Texts whose newest change Sigma has synced.
--   texts_confirmed       Of those that were sent: Sigma's column list shows them.
--   texts_not_persisted   Changed, but not written by dbt: persist_docs is off, or a source.
--   last_sync_state       How the newest sync of the table went: requested, confirmed, accepted,
--                         unconfirmed, not_in_sigma, denied, retry or failed; empty before one.
--   last_sync_cause       doc_changes, baseline (asked for by hand) or schema_migration.
--   last_sync_at          When that was settled, else requested, UTC.
--   last_sync_attempt     1 for the first attempt of that request.
--   last_synced_at        When Sigma last took a sync of the table, UTC.
--   seconds_since_synced  Seconds from then to now.
--   expected_columns      Column descriptions that Sigma should have shown after the newest sync.
--   verified_columns      How many of them it showed; empty when they were not read back.
--   http_status           Status Sigma last answered.
--   request_id            Sigma's id of that request, for its support.
--   connection_id         Sigma connection of the newest sync.
--   sigma_url             The table in Sigma, when known.
--   metadata_as_of        Finish of the newest run these facts come from, UTC.
with newest_changes as (
    select *
    from dbt_doc_changes
    qualify row_number() over (
        partition by account_id, environment_id, unique_id, column_key
        order by changed_at desc, run_id desc
    ) = 1
),

changes as (
    select
        newest_changes.*,
        state in ('waiting_for_build', 'built', 'verified', 'mismatch', 'failed') as is_waiting,
        case
            when state = 'failed' then 0
            when state in ('built', 'verified') then 1
            when state = 'mismatch' then 2
            when state = 'waiting_for_build' then 3
            when state = 'unconfirmed' then 4
            when state = 'sent' then 5
            when state = 'confirmed' then 6
            when state = 'accepted' then 7
            else 8
        end as state_rank
    from newest_changes
    where state not in ('baseline', 'superseded')
),

ranked as (
    select
        changes.*,
        row_number() over (
            partition by account_id, environment_id, unique_id
            order by state_rank, changed_at, column_key
        ) as place,
        count(*) over (
            partition by account_id, environment_id, unique_id, state_rank
        ) as alike
    from changes
),

texts as (
    select
        account_id,
        environment_id,
        unique_id,
        count(case when is_waiting then 1 end) as texts_waiting,
        count(case when is_waiting and column_key <> '' then 1 end) as columns_waiting,
        min(case when is_waiting then changed_at end) as waiting_since_at,
        count(case when state = 'waiting_for_build' then 1 end) as texts_to_build,
        count(case when state in ('built', 'verified') then 1 end) as texts_ready,
        count(case when state = 'mismatch' then 1 end) as texts_mismatched,
        count(case when state = 'failed' then 1 end) as texts_failed,
        count(case when state = 'verified' then 1 end) as texts_verified,
        count(case when state in ('sent', 'confirmed', 'accepted', 'unconfirmed') then 1 end) as texts_sent,
        count(case when state = 'confirmed' then 1 end) as texts_confirmed,
        count(case when state = 'not_persisted' then 1 end) as texts_not_persisted,
        max(case when place = 1 then state end) as telling_state,
        max(case when place = 1 then state_detail end) as telling_detail,
        max(
            case when place = 1 then
                coalesce(column_name, 'its own description')
                || case
                    when alike > 1 then ' and ' || cast(alike - 1 as varchar) || ' more'
                    else ''
                end
            end
        ) as telling_texts
    from ranked
    group by account_id, environment_id, unique_id
),

attempts as (
    select *
    from sigma_table_syncs
    qualify row_number() over (
        partition by account_id, environment_id, unique_id
        order by requested_at desc, attempt desc, sync_request_id
    ) = 1
),

taken as (
    select
        account_id,
        environment_id,
        unique_id,
        max(case when state in ('confirmed', 'accepted', 'unconfirmed') then finished_at end)
            as last_synced_at,
        max_by(sigma_url, case when sigma_url is not null then requested_at end) as sigma_url
    from sigma_table_syncs
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
        relations.owner_email,
        coalesce(texts.texts_waiting, 0) as texts_waiting,
        coalesce(texts.columns_waiting, 0) as columns_waiting,
        texts.waiting_since_at,
        coalesce(texts.texts_to_build, 0) as texts_to_build,
        coalesce(texts.texts_ready, 0) as texts_ready,
        coalesce(texts.texts_mismatched, 0) as texts_mismatched,
        coalesce(texts.texts_failed, 0) as texts_failed,
        coalesce(texts.texts_verified, 0) as texts_verified,
        coalesce(texts.texts_sent, 0) as texts_sent,
        coalesce(texts.texts_confirmed, 0) as texts_confirmed,
        coalesce(texts.texts_not_persisted, 0) as texts_not_persisted,
        texts.telling_state,
        texts.telling_detail,
        texts.telling_texts,
        attempts.state as last_sync_state,
        coalesce(attempts.state = 'requested' and attempts.lease_until > current_timestamp, false)
            as is_sending,
        attempts.cause as last_sync_cause,
        coalesce(attempts.finished_at, attempts.requested_at) as last_sync_at,
        attempts.attempt as last_sync_attempt,
        taken.last_synced_at,
        attempts.expected_columns,
        attempts.verified_columns,
        attempts.http_status,
        attempts.request_id,
        attempts.connection_id,
        attempts.error as sync_error,
        taken.sigma_url,
        environments.metadata_as_of
    from dbt_relations as relations
    left join dbt_environments as environments
        on environments.account_id = relations.account_id
        and environments.environment_id = relations.environment_id
    left join texts
        on texts.account_id = relations.account_id
        and texts.environment_id = relations.environment_id
        and texts.unique_id = relations.unique_id
    left join attempts
        on attempts.account_id = relations.account_id
        and attempts.environment_id = relations.environment_id
        and attempts.unique_id = relations.unique_id
    left join taken
        on taken.account_id = relations.account_id
        and taken.environment_id = relations.environment_id
        and taken.unique_id = relations.unique_id
    where relations.relation_key is not null
        and (texts.unique_id is not null or attempts.unique_id is not null)
),

judged as (
    select
        facts.*,
        case
            when is_sending then 'sending'
            when telling_state is null then last_sync_state
            when telling_state = 'failed' and last_sync_state in ('not_in_sigma', 'denied')
                then last_sync_state
            when telling_state in ('built', 'verified') and last_sync_state = 'retry' then 'retry'
            when telling_state in ('built', 'verified') then 'ready'
            else telling_state
        end as delivery_state
    from facts
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
    owner_email,
    delivery_state,
    coalesce(telling_texts || ': ', '')
    || case
        when delivery_state = 'sending' then 'Sigma is being asked to sync the table.'
        when delivery_state in ('not_in_sigma', 'denied', 'failed', 'unconfirmed', 'retry')
            then coalesce(
                case when telling_state in ('failed', 'unconfirmed') then telling_detail end,
                sync_error,
                'Sigma did not say why.'
            )
            || case when delivery_state = 'retry' then ' It is sent again.' else '' end
        when telling_state = 'verified' then 'the warehouse shows it; the next delivery sends it.'
        when telling_state = 'built'
            then 'dbt has built it, and no catalog has shown the warehouse since. The next delivery '
                || 'sends it, under SIGMA_SYNC_WHEN=verified after 24 hours.'
        when delivery_state = 'mismatch'
            then coalesce(telling_detail, 'The warehouse holds another text.')
        when delivery_state = 'waiting_for_build'
            then coalesce(telling_detail, 'dbt has not built the relation with this text yet.')
        when delivery_state = 'confirmed' then 'Sigma shows what the project says.'
        when delivery_state in ('accepted', 'sent')
            then coalesce(sync_error, 'Sigma synced the table; there is nothing to read back.')
        when resource_type = 'source'
            then 'dbt writes no comments on sources, so Sigma cannot learn of it this way.'
        else 'persist_docs is off, so dbt does not write it into the warehouse.'
    end as delivery_detail,
    texts_waiting,
    columns_waiting,
    waiting_since_at,
    datediff('second', waiting_since_at, current_timestamp) as waiting_seconds,
    texts_to_build,
    texts_ready,
    texts_mismatched,
    texts_failed,
    texts_verified,
    texts_sent,
    texts_confirmed,
    texts_not_persisted,
    last_sync_state,
    last_sync_cause,
    last_sync_at,
    last_sync_attempt,
    last_synced_at,
    datediff('second', last_synced_at, current_timestamp) as seconds_since_synced,
    expected_columns,
    verified_columns,
    http_status,
    request_id,
    connection_id,
    sigma_url,
    metadata_as_of
from judged
