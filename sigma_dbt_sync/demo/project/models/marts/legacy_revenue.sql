{{ config(enabled=false) }}

select 1 as replaced_by_daily_revenue
