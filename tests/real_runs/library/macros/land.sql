{% macro land() %}
{# What the library's desk would have written. #}
{% set rows %}
create schema if not exists desk;
create or replace table desk.loans as
select
    *,
    now() as landed_at
from (values
    (1, 10, 1, date '2024-03-01', date '2024-03-20'),
    (2, 10, 2, date '2024-03-04', null),
    (3, 11, 1, date '2024-03-09', null)
) as told (loan_id, reader_id, branch_id, taken_on, returned_on)
{% endset %}
{% do run_query(rows) %}
{% endmacro %}
