select sum(fee) as fees from {{ ref('late_fees') }}
