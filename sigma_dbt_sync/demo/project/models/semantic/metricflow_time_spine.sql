{{ config(materialized='table') }}

select range::date as date_day
from range(date '{{ var("first_day") }}', date '{{ var("first_day") }}' + interval 1 year, interval 1 day)
