select branch_id, name || ' desk' as desk from {{ ref('branches') }}
