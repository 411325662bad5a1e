select reader_id, count(*) as loans from {{ ref('stg_loans') }} group by all
