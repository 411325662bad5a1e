{{ config(materialized='incremental', unique_key='loan_id') }}
select * from {{ ref('stg_loans') }}
{% if is_incremental() %}
where taken_on >= (select max(taken_on) from {{ this }})
{% endif %}
