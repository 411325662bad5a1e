select
    id as payment_id,
    order_id,
    method,
    {{ cents_to_amount('cents') }} as amount,
    _loaded_at
from {{ source('payments_api', 'payments') }}
