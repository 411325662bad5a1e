select
    customers.customer_id,
    customers.first_name,
    customers.last_name,
    count(orders.order_id) as orders_placed
from {{ ref('stg_customers') }} as customers
left join {{ ref('orders') }} as orders using (customer_id)
group by all
