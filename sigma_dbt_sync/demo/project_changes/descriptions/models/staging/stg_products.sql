select
    sku,
    name as product_name,
    category,
    {{ cents_to_amount('price_cents') }} as price,
    height_mm,
    colour
from {{ ref('raw_products') }}
