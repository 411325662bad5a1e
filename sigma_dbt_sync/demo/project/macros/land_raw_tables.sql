{#
  Stands in for the loaders that fill the source tables; run it once per database.
  Ages are counted from now, so freshness has something to say: payments are minutes old,
  sessions a day, stock counts five days.
#}
{% macro land_raw_tables() %}
  {% set now = "current_timestamp::timestamp" %}
  {% call statement('land', auto_begin=false) %}
    create schema if not exists raw_payments_api;
    create or replace table raw_payments_api.payments as
      select id, order_id, method, cents, {{ now }} - interval 4 minutes as _loaded_at
      from (values
        (1, 101, 'card', 2830), (2, 102, 'card', 690), (3, 103, 'transfer', 4900),
        (4, 103, 'transfer', -4900), (5, 104, 'voucher', 2000), (6, 104, 'card', 3800),
        (7, 105, 'card', 2460), (8, 106, 'card', 4900), (9, 107, 'transfer', 4140)
      ) as landed (id, order_id, method, cents);

    create schema if not exists raw_web;
    create or replace table raw_web.sessions as
      select id, customer_id, pages, {{ now }} - interval 26 hours as _loaded_at
      from (values (1, 1, 7), (2, 1, 2), (3, 4, 11), (4, null, 1)) as landed (id, customer_id, pages);

    create schema if not exists raw_warehouse;
    create or replace table raw_warehouse.stock_counts as
      select store_id, sku, pieces, {{ now }} - interval 5 days as counted_at
      from (values (1, 'TEA-01', 40), (1, 'CUP-02', 12), (2, 'POT-01', 3)) as landed (store_id, sku, pieces);
    create or replace table raw_warehouse.stores as
      select * from (values (1, 'Market Street', 90000), (2, 'Old Harbour', 65000)) as landed (store_id, name, target);
  {% endcall %}
{% endmacro %}
