select
    sku as "Artikel Nr.",
    height_mm / 10.0 as "Größe (cm)",
    product_name as "select",
    price as "MixedCase",
    category as "with.dot",
    '🫖' as "emoji 😀"
from {{ ref('stg_products') }}
