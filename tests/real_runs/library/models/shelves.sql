{{ config(persist_docs={'relation': false, 'columns': true}) }}
select branch_id, branch_id * 100 as "Shelf No" from {{ ref('branches') }}
