select
    orders.ordered_on,
    count(distinct orders.order_id) as orders,
    sum(items.amount)::decimal(16, 2) as revenue,
    (sum(items.amount) / count(distinct orders.order_id))::decimal(16, 2) as revenue_per_order
from {{ ref('orders') }} as orders
inner join {{ ref('order_items') }} as items using (order_id)
group by all
