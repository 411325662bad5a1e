select loan_id, cast('2' as int) as fee from {{ ref('open_loans') }}
