select orders.order_id
from {{ ref('orders') }} as orders
left join {{ ref('customers', v=2) }} as customers using (customer_id)
where customers.customer_id is null
