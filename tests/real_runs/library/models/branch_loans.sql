select branch_id, any_value(name) as branch, count(loan_id) as open_loans
from {{ ref('branches') }} left join {{ ref('open_loans') }} using (branch_id)
group by all
