select loan_id, 1.5 as fee from {{ ref('stg_loans') }}
