select id as session_id, customer_id, pages from {{ source('web', 'sessions') }}
