select
    category,
    sku,
    sum(quantity) as pieces
from {{ ref('order_items') }}
group by all
order by pieces desc
