{{ config(persist_docs={'relation': false, 'columns': false}) }}
select reader_id, taken_on as visited_on from {{ ref('stg_loans') }}
