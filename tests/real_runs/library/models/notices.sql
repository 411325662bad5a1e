{{ config(persist_docs={'relation': true, 'columns': true}) }}
select reader_id, 'please return it' as notice from {{ ref('stg_loans') }} where returned_on is null
