select
    sku,
    product_name,
    price
from {{ ref('stg_products') }}
