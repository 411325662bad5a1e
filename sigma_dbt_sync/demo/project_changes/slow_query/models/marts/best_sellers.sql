select
    items.category,
    items.sku,
    sum(items.quantity) as pieces
from {{ ref('order_items') }} as items
cross join range(4000000) as days
cross join range(4000000) as hours
group by all
