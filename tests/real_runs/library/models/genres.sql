{{ config(persist_docs={'relation': true}) }}
select * from (values (1, 'crime'), (2, 'travel')) as told (genre_id, genre)
