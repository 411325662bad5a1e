-- dbt_relations: models, seeds, snapshots and sources side by side.
--
-- Other views build on it; it holds no results and no SQL text.
--
-- grain    relation per environment
-- reads    dbt_models, dbt_seeds, dbt_snapshots, dbt_sources
-- columns
--   account_id             dbt Cloud account.
--   project_id             dbt Cloud project.
--   environment_id         dbt Cloud environment.
--   unique_id              dbt's id of the node.
--   node_key               Joins node tables and views by one column.
--   resource_type          model, seed, snapshot or source.
--   model_name             Name in the dbt project.
--   relation_name          Relation as dbt writes it in SQL; empty for ephemeral models.
--   relation_key           DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   database_name          Database, as the warehouse holds it.
--   schema_name            Schema, as the warehouse holds it.
--   table_name             Table or view name, as the warehouse holds it.
--   description            Description written in the dbt project.
--   materialized           table, view, incremental, seed, snapshot, ephemeral.
--   persist_docs_relation  Whether dbt writes the description into the warehouse.
--   persist_docs_columns   Whether dbt writes column descriptions into the warehouse.
--   tags_text              Tags, separated by commas.
--   owner_name             Owner's name.
--   owner_email            Owner's e-mail address.
--   group_name             dbt group.
--   language               sql or python.
--   raw_code_hash          Source code, in dbt_code.
--   compiled_code_hash     Newest compiled code, in dbt_code.
--   downstream_count       Models, seeds and snapshots that read it, directly or not.
--   exposure_count         Exposures that read it, directly or not.
--   catalog_type           Kind of relation the warehouse reported.
--   catalog_comment        Comment the warehouse held.
select account_id, project_id, environment_id, unique_id, node_key, 'model' as resource_type,
    name as model_name, relation_name, relation_key, database_name, schema_name,
    identifier as table_name, description, materialized, persist_docs_relation,
    persist_docs_columns, tags_text, owner_name, owner_email, group_name, language, raw_code_hash,
    compiled_code_hash, downstream_count, exposure_count, catalog_type, catalog_comment
from dbt_models
union all
select account_id, project_id, environment_id, unique_id, node_key, 'seed' as resource_type,
    name as model_name, relation_name, relation_key, database_name, schema_name,
    identifier as table_name, description, materialized, persist_docs_relation,
    persist_docs_columns, tags_text, owner_name, owner_email, group_name, language, raw_code_hash,
    compiled_code_hash, downstream_count, exposure_count, catalog_type, catalog_comment
from dbt_seeds
union all
select account_id, project_id, environment_id, unique_id, node_key, 'snapshot' as resource_type,
    name as model_name, relation_name, relation_key, database_name, schema_name,
    identifier as table_name, description, materialized, persist_docs_relation,
    persist_docs_columns, tags_text, owner_name, owner_email, group_name, language, raw_code_hash,
    compiled_code_hash, downstream_count, exposure_count, catalog_type, catalog_comment
from dbt_snapshots
union all
select account_id, project_id, environment_id, unique_id, node_key, 'source' as resource_type,
    name as model_name, relation_name, relation_key, database_name, schema_name,
    identifier as table_name, description, materialized, persist_docs_relation,
    persist_docs_columns, tags_text, owner_name, owner_email, group_name, language, raw_code_hash,
    compiled_code_hash, downstream_count, exposure_count, catalog_type, catalog_comment
from dbt_sources
