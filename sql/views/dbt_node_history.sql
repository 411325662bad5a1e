-- dbt_node_history: every definition a relation has had, and from when to when.
--
-- grain    version of a relation per environment
-- reads    dbt_node_versions
-- columns
--   account_id       dbt Cloud account.
--   project_id       dbt Cloud project.
--   environment_id   dbt Cloud environment.
--   node_key         Joins node tables and views by one column.
--   unique_id        dbt's id of the node.
--   resource_type    model, seed, snapshot or source.
--   model_name       Name in the dbt project.
--   valid_from       Start of the first run that saw it so, UTC.
--   valid_to         Start of the first run that saw it otherwise, UTC; empty while it is current.
--   is_current       Whether it is so now.
--   change_kind      added, changed or removed.
--   changed_fields   What differs from the version before.
--   run_id           Run that first saw it so.
--   git_sha          Commit that run built.
--   relation_name    Relation as dbt writes it in SQL.
--   description      Description then.
--   materialized     table, view, incremental and so on, then.
--   owner_text       Owner then.
--   raw_code_hash    Source code then, in dbt_code.
--   definition_hash  Hash of the whole definition.
--   docs_hash        Hash of all its descriptions.
--   run_id_text      run_id as text.
select
    account_id,
    project_id,
    environment_id,
    node_key,
    unique_id,
    resource_type,
    name as model_name,
    valid_from,
    lead(valid_from) over (
        partition by account_id, environment_id, unique_id order by valid_from
    ) as valid_to,
    change_kind <> 'removed' and lead(valid_from) over (
        partition by account_id, environment_id, unique_id order by valid_from
    ) is null as is_current,
    change_kind,
    changed_fields,
    run_id,
    git_sha,
    relation_name,
    description,
    materialized,
    owner as owner_text,
    raw_code_hash,
    definition_hash,
    docs_hash,
    cast(run_id as varchar) as run_id_text
from dbt_node_versions
