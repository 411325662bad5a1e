select
    category,
    sku,
    sum(turnover) as turnover,
    sum(quantity) as pieces
from {{ ref('order_items') }}
group by all
order by pieces desc
