select * from {{ ref('stg_loans') }} where returned_on < taken_on
