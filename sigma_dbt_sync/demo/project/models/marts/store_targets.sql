{{ config(
    alias='targets_by_store',
    schema='planning',
    persist_docs={'relation': true, 'columns': false},
    access='private'
) }}

select
    stores.store_id,
    stores.name,
    stores.target,
    sum(counts.pieces) as pieces_in_stock
from {{ source('warehouse', 'stores') }} as stores
left join {{ source('warehouse', 'stock_counts') }} as counts using (store_id)
group by all
