-- grants.sql: everything sigma_dbt_sync needs in Snowflake, for an administrator to run.
--
-- Change the names below, run the first part in a worksheet or with `snow sql`, put the same names
-- into the settings, sync once, then run the names and the second part. Every statement may be run
-- again. docs/snowflake.md goes through it.
--
-- Three roles. The writer makes and owns tables and views. The reader is for Sigma: it sees the
-- views, except for the one with SQL text. The code reader sees SQL text too. The database and the
-- role of Sigma's connection are there already.

set sync_database = 'ANALYTICS';
set sync_schema = 'ANALYTICS.DBT_METADATA';
set sync_code_view = 'ANALYTICS.DBT_METADATA.DBT_TAB_SQL';
set sync_warehouse = 'DBT_METADATA_WH';
set sync_writer = 'DBT_METADATA_WRITER';
set sync_reader = 'DBT_METADATA_READER';
set sync_code_reader = 'DBT_METADATA_CODE_READER';
set sync_user = 'DBT_METADATA_SYNC';
set sigma_role = 'SIGMA';

-- First part, before the first sync ---------------------------------------------------------------

use role securityadmin;
create role if not exists identifier($sync_writer);
create role if not exists identifier($sync_reader);
create role if not exists identifier($sync_code_reader);
grant role identifier($sync_writer) to role sysadmin;
grant role identifier($sync_code_reader) to role sysadmin;
grant role identifier($sync_reader) to role identifier($sync_code_reader);

-- A resume costs a minute at least, so the warehouse goes to sleep after a minute.
use role sysadmin;
create warehouse if not exists identifier($sync_warehouse)
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true;
create schema if not exists identifier($sync_schema);

-- Temporary tables and stages hold rows until a transaction takes them over.
grant usage on warehouse identifier($sync_warehouse) to role identifier($sync_writer);
grant usage on database identifier($sync_database) to role identifier($sync_writer);
grant usage on schema identifier($sync_schema) to role identifier($sync_writer);
grant create table on schema identifier($sync_schema) to role identifier($sync_writer);
grant create view on schema identifier($sync_schema) to role identifier($sync_writer);
grant create stage on schema identifier($sync_schema) to role identifier($sync_writer);

-- The user logs in with a key and has no password; docs/snowflake.md makes the key.
use role useradmin;
create user if not exists identifier($sync_user) type = service;
-- alter user identifier($sync_user) set rsa_public_key = 'MIIBIjANBgkq...';
use role securityadmin;
grant role identifier($sync_writer) to user identifier($sync_user);

-- Second part, after the first sync ---------------------------------------------------------------
-- and again after `sigma-dbt-sync remove`, should you sync into the same schema once more.

-- A view shows what its owner may see, so readers need no tables. The revoke lasts: the sync renews
-- views with COPY GRANTS, which keeps future grants away from a view that was there already.
use role securityadmin;
grant usage on database identifier($sync_database) to role identifier($sync_reader);
grant usage on schema identifier($sync_schema) to role identifier($sync_reader);
grant select on all views in schema identifier($sync_schema) to role identifier($sync_reader);
revoke select on view identifier($sync_code_view) from role identifier($sync_reader);
grant select on future views in schema identifier($sync_schema) to role identifier($sync_reader);

grant select on view identifier($sync_code_view) to role identifier($sync_code_reader);
grant select on all tables in schema identifier($sync_schema) to role identifier($sync_code_reader);
grant select on future tables in schema identifier($sync_schema) to role identifier($sync_code_reader);

-- Sigma's connection brings its own warehouse.
grant role identifier($sync_reader) to role identifier($sigma_role);
