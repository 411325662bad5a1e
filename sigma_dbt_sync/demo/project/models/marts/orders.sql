{{ config(
    materialized='incremental',
    unique_key='order_id',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns'
) }}

select
    orders.order_id,
    orders.customer_id,
    orders.ordered_on,
    orders.status,
    coalesce(paid.amount, 0)::decimal(16, 2) as amount,
    coalesce(paid.payments, 0) as "Number of payments"
from {{ ref('stg_orders') }} as orders
left join {{ ref('int_payments_by_order') }} as paid using (order_id)
{% if is_incremental() %}
where orders.ordered_on >= (select max(ordered_on) - 30 from {{ this }})
{% endif %}
