{{ config(enabled=var('with_overdue')) }}
select * from {{ ref('open_loans') }} where taken_on < date '2024-03-05'
