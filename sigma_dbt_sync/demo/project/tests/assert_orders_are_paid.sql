{{ config(severity='warn') }}

select order_id, status from {{ ref('orders') }} where status <> 'placed' and amount <= 0
