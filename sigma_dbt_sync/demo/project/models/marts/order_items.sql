select
    items.order_item_id,
    items.order_id,
    items.sku,
    items.quantity,
    products.category,
    items.quantity * products.price as amount
from {{ ref('stg_order_items') }} as items
inner join {{ ref('stg_products') }} as products using (sku)
