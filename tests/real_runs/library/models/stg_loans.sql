{{ config(materialized='view') }}
select loan_id, reader_id, branch_id, taken_on, returned_on from {{ source('desk', 'loans') }}
