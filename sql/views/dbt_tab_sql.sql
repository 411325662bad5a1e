-- dbt_tab_sql: source and compiled SQL of each relation, apart from dbt_tab because it is large.
--
-- Meant for people who may read code: give it a grant of its own.
--
-- grain    relation per environment
-- reads    dbt_relations, dbt_code
-- columns
--   account_id      dbt Cloud account.
--   environment_id  dbt Cloud environment.
--   node_key        Joins dbt_tab by one column.
--   relation_key    DATABASE.SCHEMA.IDENTIFIER as the warehouse holds it.
--   unique_id       dbt's id of the node.
--   model_name      Name in the dbt project.
--   source_sql      Code as written in the dbt project.
--   compiled_sql    Code as dbt last compiled it; empty when it never did.
--   language        sql or python.
--   is_truncated    Whether one of the texts was too long and is cut.
select
    relations.account_id,
    relations.environment_id,
    relations.node_key,
    relations.relation_key,
    relations.unique_id,
    relations.model_name,
    source.code as source_sql,
    compiled.code as compiled_sql,
    coalesce(relations.language, source.language, compiled.language) as language,
    coalesce(source.is_truncated, false) or coalesce(compiled.is_truncated, false) as is_truncated
from dbt_relations as relations
left join dbt_code as source
    on source.account_id = relations.account_id
    and source.code_hash = relations.raw_code_hash
left join dbt_code as compiled
    on compiled.account_id = relations.account_id
    and compiled.code_hash = relations.compiled_code_hash
