-- dbt_column_history: every description a column has had, and from when to when.
--
-- grain    version of a column per environment
-- reads    dbt_column_versions
-- columns
--   account_id      dbt Cloud account.
--   project_id      dbt Cloud project.
--   environment_id  dbt Cloud environment.
--   node_key        Relation: joins node tables and views by one column.
--   unique_id       dbt's id of the relation.
--   column_key      Column in dbt_columns.
--   column_name     Column name as the project writes it.
--   valid_from      Start of the first run that saw it so, UTC.
--   valid_to        Start of the first run that saw it otherwise, UTC; empty while it is current.
--   is_current      Whether it is so now.
--   change_kind     added, changed or removed.
--   changed_fields  What differs from the version before.
--   run_id          Run that first saw it so.
--   git_sha         Commit that run built.
--   description     Description then.
--   declared_type   Type written in the project then.
--   run_id_text     run_id as text.
select
    account_id,
    project_id,
    environment_id,
    node_key,
    unique_id,
    column_key,
    column_name,
    valid_from,
    lead(valid_from) over (
        partition by account_id, environment_id, unique_id, column_key order by valid_from
    ) as valid_to,
    change_kind <> 'removed' and lead(valid_from) over (
        partition by account_id, environment_id, unique_id, column_key order by valid_from
    ) is null as is_current,
    change_kind,
    changed_fields,
    run_id,
    git_sha,
    description,
    declared_type,
    cast(run_id as varchar) as run_id_text
from dbt_column_versions
