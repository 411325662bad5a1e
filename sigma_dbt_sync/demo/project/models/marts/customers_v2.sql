select
    customers.customer_id,
    customers.first_name || ' ' || customers.last_name as full_name,
    customers.email,
    count(orders.order_id) as orders_placed,
    coalesce(sum(orders.amount), 0)::decimal(38, 2) as lifetime_value
from {{ ref('stg_customers') }} as customers
left join {{ ref('orders') }} as orders using (customer_id)
group by all
