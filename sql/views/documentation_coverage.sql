-- documentation_coverage: what is described of each relation, and how much of it the warehouse holds.
--
-- Every documented column is in exactly one of columns_persisted, columns_not_persisted,
-- columns_unverified and columns_mismatched. What the warehouse holds is what its comments said when
-- dbt last generated docs; dbt-snowflake writes a dollar sign as [$], which counts as the same text.
-- Whether Sigma shows it is another question: docs_state in dbt_tab_columns answers it.
--
-- grain    relation per environment
-- reads    dbt_relations, dbt_columns, dbt_environments
-- columns
--   account_id             dbt Cloud account.
--   project_id             dbt Cloud project.
--   environment_id         dbt Cloud environment.
--   environment_name       Environment name.
--   is_production          Whether it is the production environment.
--   node_key               Joins dbt_tab by one column.
--   relation_key           DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id              dbt's id of the node.
--   resource_type          model, seed, snapshot or source.
--   model_name             Name in the dbt project.
--   owner_name             Owner's name.
--   is_described           Whether the relation itself has a description.
--   description_state      missing, not_persisted, unverified, verified or mismatch: of that one text.
--   columns_total          Columns known, from the project or the warehouse.
--   columns_documented     Those with a description.
--   columns_missing        Those without one.
--   documented_percent     Documented columns in per cent; empty when no column is known.
--   columns_persisted      Documented, and the warehouse holds that text.
--   columns_not_persisted  Documented, but dbt does not write it: persist_docs is off, or a source.
--   columns_unverified     Documented and written, but no catalog has shown the warehouse since.
--   columns_mismatched     Documented and written, but the warehouse holds another text or no such
--                          column.
--   columns_gone           Written in the project, but absent from the warehouse.
--   is_complete            Whether the relation and every column known are described.
--   metadata_as_of         Finish of the newest run these facts come from, UTC.
with known as (
    select
        cols.account_id,
        cols.environment_id,
        cols.unique_id,
        cols.is_documented,
        cols.is_in_warehouse,
        case
            when not relations.persist_docs_columns then 'not_persisted'
            when cols.is_in_warehouse is null then 'unverified'
            when cols.catalog_comment = cols.description then 'verified'
            when replace(cols.catalog_comment, '[$]', '$') = cols.description then 'verified'
            else 'mismatch'
        end as description_state
    from dbt_columns as cols
    inner join dbt_relations as relations
        on relations.account_id = cols.account_id
        and relations.environment_id = cols.environment_id
        and relations.unique_id = cols.unique_id
),

cols as (
    select
        account_id,
        environment_id,
        unique_id,
        count(*) as columns_total,
        count(case when is_documented then 1 end) as columns_documented,
        count(case when is_documented and description_state = 'verified' then 1 end) as columns_persisted,
        count(case when is_documented and description_state = 'not_persisted' then 1 end) as columns_not_persisted,
        count(case when is_documented and description_state = 'unverified' then 1 end) as columns_unverified,
        count(case when is_documented and description_state = 'mismatch' then 1 end) as columns_mismatched,
        count(case when not is_in_warehouse then 1 end) as columns_gone
    from known
    group by account_id, environment_id, unique_id
),

counted as (
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
        relations.description <> '' as is_described,
        case
            when relations.description = '' then 'missing'
            when not relations.persist_docs_relation then 'not_persisted'
            when relations.catalog_type is null then 'unverified'
            when relations.catalog_comment = relations.description then 'verified'
            when replace(relations.catalog_comment, '[$]', '$') = relations.description
                then 'verified'
            else 'mismatch'
        end as description_state,
        coalesce(cols.columns_total, 0) as columns_total,
        coalesce(cols.columns_documented, 0) as columns_documented,
        coalesce(cols.columns_persisted, 0) as columns_persisted,
        coalesce(cols.columns_not_persisted, 0) as columns_not_persisted,
        coalesce(cols.columns_unverified, 0) as columns_unverified,
        coalesce(cols.columns_mismatched, 0) as columns_mismatched,
        coalesce(cols.columns_gone, 0) as columns_gone,
        environments.metadata_as_of
    from dbt_relations as relations
    left join dbt_environments as environments
        on environments.account_id = relations.account_id
        and environments.environment_id = relations.environment_id
    left join cols
        on cols.account_id = relations.account_id
        and cols.environment_id = relations.environment_id
        and cols.unique_id = relations.unique_id
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
    is_described,
    description_state,
    columns_total,
    columns_documented,
    columns_total - columns_documented as columns_missing,
    case
        when columns_total > 0 then round(100.0 * columns_documented / columns_total, 1)
    end as documented_percent,
    columns_persisted,
    columns_not_persisted,
    columns_unverified,
    columns_mismatched,
    columns_gone,
    is_described and columns_documented = columns_total as is_complete,
    metadata_as_of
from counted
