{{ config(persist_docs={}) }}

select method, sum(amount) as amount from {{ ref('stg_payments') }} group by all
