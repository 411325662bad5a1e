select
    id as customer_id,
    first_name,
    last_name,
    email,
    created_at::date as customer_since
from {{ ref('raw_customers') }}
