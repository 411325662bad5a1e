"""What every warehouse promises.

Snowflake's wire protocol is tested against a server on this machine. With `-m snowflake`, and
SNOWFLAKE_* set, the same tests run on a real account, each in a schema that it makes and drops.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pyarrow as pa
import pytest

from sigma_dbt_sync.errors import BatchOutdated, WarehouseError
from sigma_dbt_sync.normalize.keys import to_json
from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.arrow import rows_from
from sigma_dbt_sync.warehouse.base import Batch, Change, Counts, Warehouse
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from sigma_dbt_sync.warehouse.snowflake import Snowflake
from sigma_dbt_sync.warehouse.snowflake_login import login_from
from sigma_dbt_sync.warehouse.views import load_views

REAL = pytest.param("real_account", marks=pytest.mark.snowflake)


@pytest.fixture(params=["duckdb", "snowflake", REAL])
def opened(request, path) -> Iterator[Callable[..., Warehouse]]:
    """Open every warehouse in turn, with the tables and views that are named."""
    with ExitStack() as stack:

        def open_one(**made) -> Warehouse:
            if request.param == "duckdb":
                warehouse = DuckDB(path, **made)
            elif request.param == "snowflake":
                account = request.getfixturevalue("snowflake_account")
                settings = account.settings(f"T{uuid4().hex}")
                warehouse = Snowflake(login_from(settings), **made)
            else:
                settings = request.getfixturevalue("real_snowflake")
                schema = request.getfixturevalue("own_schema")
                warehouse = Snowflake(login_from(settings(schema)), **made)
            stack.callback(warehouse.close)
            return warehouse

        yield open_one


@pytest.fixture
def warehouse(opened, shop, orders) -> Warehouse:
    """Every warehouse in turn, with nothing but empty tables in it."""
    made = opened(tables=shop.tables, views=[orders])
    made.migrate()
    return made


def test_the_same_rows_again_write_nothing(warehouse, shop):
    rows = [shop.item(line) for line in range(100)]

    assert shop.publish(warehouse, *rows) == Counts(inserted=100)
    assert shop.publish(warehouse, *rows, sync_id="s2") == Counts()
    assert warehouse.query("SELECT DISTINCT sync_id FROM items").to_pylist() == [{"sync_id": "s1"}]


def test_only_changed_rows_are_updated(warehouse, shop):
    shop.publish(warehouse, *(shop.item(line) for line in range(10)))

    counts = shop.publish(
        warehouse,
        *(shop.item(line, text="new" if line == 3 else None) for line in range(11)),
        sync_id="s2",
    )

    assert counts == Counts(inserted=1, updated=1)
    written = warehouse.query("SELECT line FROM items WHERE sync_id = ? ORDER BY line", ["s2"])
    assert written.column(0).to_pylist() == [3, 10]


def test_a_value_can_become_empty(warehouse, shop):
    shop.publish(warehouse, shop.item(text="x"))

    assert shop.publish(warehouse, shop.item(text=None)) == Counts(updated=1)
    assert warehouse.query("SELECT text FROM items").to_pylist() == [{"text": None}]


def test_rows_in_scope_that_are_not_named_again_go(warehouse, shop):
    shop.publish(warehouse, *(shop.item(line) for line in range(5)), shop.item(9, order_id=8))

    assert shop.publish(warehouse, shop.item(2), shop.item(7), order_id=[7, 99]) == Counts(
        inserted=1, deleted=4
    )
    assert shop.lines(warehouse) == [2, 7, 9]


def test_a_scope_of_several_columns_needs_a_match_in_each(warehouse, shop):
    shop.publish(
        warehouse,
        shop.item(1, region="north"),
        shop.item(2, region="south"),
        shop.item(3, region=None),
        shop.item(4, region="north", order_id=8),
    )

    assert shop.publish(warehouse, order_id=[7], region=["north", "west"]) == Counts(deleted=1)
    assert shop.lines(warehouse) == [2, 3, 4]


def test_an_empty_value_can_be_in_scope(warehouse, shop):
    shop.publish(warehouse, shop.item(1, region="north"), shop.item(2, region=None))

    assert shop.publish(warehouse, region=[None]) == Counts(deleted=1)
    assert shop.lines(warehouse) == [1]


def test_a_scope_without_values_deletes_nothing(warehouse, shop):
    shop.publish(warehouse, shop.item(1))

    assert shop.publish(warehouse, shop.item(2), order_id=[]) == Counts(inserted=1)


def test_a_scope_may_be_long(warehouse, shop):
    shop.publish(warehouse, *(shop.item(order_id=order) for order in range(20_000)))

    assert shop.publish(warehouse, order_id=range(10_000)) == Counts(deleted=10_000)


def test_two_changes_of_one_table_count_together(warehouse, shop):
    changes = (Change(shop.items, [shop.item(1)]), Change(shop.items, [shop.item(2)]))

    assert warehouse.publish(Batch("s", 0, changes)) == {"items": Counts(inserted=2)}


def test_a_refused_change_takes_the_whole_batch_with_it(warehouse, shop):
    shop.publish(warehouse, shop.item(1))
    before = warehouse.identity()
    changes = (
        Change(shop.items, [shop.item(2)], {"order_id": [7]}),
        Change(shop.codes, [shop.code("a"), shop.code("a")]),
    )

    with pytest.raises(WarehouseError, match=r"dbt_code: two rows for one key: .*'code_hash': 'a'"):
        warehouse.publish(Batch("s2", before.generation, changes))

    assert shop.lines(warehouse) == [1]
    assert warehouse.identity() == before
    assert shop.publish(warehouse, shop.item(2)) == Counts(inserted=1)


@pytest.mark.parametrize(
    "wrong",
    [{"text": 5}, {"seen": 2**63}, {"text": "\ud800"}, {"extra": "{no json"}, {"seen": None}],
    ids=str,
)
def test_a_value_that_does_not_fit_is_refused_with_the_tables_name(warehouse, shop, wrong):
    with pytest.raises(WarehouseError, match=r"^items: "):
        shop.publish(warehouse, shop.item(1), shop.item(2, **wrong))

    assert shop.lines(warehouse) == []


def test_each_batch_raises_the_generation(warehouse, shop):
    first = warehouse.identity()
    shop.publish(warehouse, shop.item())

    assert warehouse.identity().generation == first.generation + 1
    assert warehouse.identity().warehouse_id == first.warehouse_id


def test_a_batch_planned_before_another_was_published_is_refused(warehouse, shop):
    planned_at = warehouse.identity().generation
    shop.publish(warehouse, shop.item(1))

    with pytest.raises(BatchOutdated) as raised:
        warehouse.publish(Batch("s2", planned_at, (Change(shop.items, [shop.item(2)]),)))

    assert raised.value.retryable
    assert shop.lines(warehouse) == [1]


def test_what_goes_in_comes_out(warehouse, shop):
    rows = [
        shop.item(
            1,
            order_id=2**53 + 1,
            text="Größe 📦 ' \" \\ \x00 \n",
            price=0.1,
            is_paid=False,
            sold_at=shop.noon,
            extra=to_json({"b": [1, 2.5], "a": "ü\x00"}),
        ),
        shop.item(2, order_id=2**63 - 1, text="x" * 200_000, price=-0.0, extra="null"),
        shop.item(3, order_id=-1, text="", sold_at=datetime(1, 1, 1, tzinfo=UTC)),
    ]
    shop.publish(warehouse, *rows)

    assert rows_from(shop.items, warehouse.query("SELECT * FROM items ORDER BY line")) == rows


def test_times_come_back_in_utc(warehouse, shop):
    shop.publish(warehouse, shop.item(sold_at=shop.noon.astimezone(timezone(timedelta(hours=5)))))

    (row,) = rows_from(shop.items, warehouse.query("SELECT * FROM items"))
    (loaded_at,) = warehouse.query("SELECT loaded_at FROM items").column(0).to_pylist()

    assert row.sold_at == shop.noon
    assert row.sold_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - loaded_at) < timedelta(minutes=5)


def test_integers_are_answered_in_64_bits(warehouse, shop):
    shop.publish(warehouse, shop.item(1, order_id=2**53 + 1), shop.item(2, order_id=0))

    found = warehouse.query("SELECT count(*) AS n, sum(order_id) AS total FROM items")

    assert found.schema.types == [pa.int64(), pa.int64()]
    assert found.to_pylist() == [{"n": 2, "total": 2**53 + 1}]


def test_json_is_more_than_text(warehouse, shop):
    shop.publish(warehouse, shop.item(extra='{"tags": ["a", "b"]}'))

    length = "ARRAY_SIZE(extra:tags)"
    if warehouse.target.startswith("duckdb"):
        length = "json_array_length(extra -> 'tags')"
    found = warehouse.query(f"SELECT {length} AS n FROM items")

    assert found.to_pylist() == [{"n": 2}]


def test_texts_nobody_refers_to_any_more_are_deleted(warehouse, shop):
    shop.publish(warehouse, *(shop.code(name) for name in "abcd"))
    shop.publish(warehouse, shop.item(1, raw_code_hash="a"), shop.item(2, raw_code_hash="b"))

    shop.publish(warehouse, shop.item(1, raw_code_hash="c"), orphans=["a", "b", "c", "none"])

    left = warehouse.query("SELECT code_hash FROM dbt_code ORDER BY 1").column(0).to_pylist()
    assert left == ["b", "c", "d"]


def test_a_text_that_another_account_refers_to_is_not_kept_for_this_one(warehouse, shop):
    shop.publish(warehouse, shop.code("a"))

    shop.publish(warehouse, shop.item(account_id=2, raw_code_hash="a"), orphans=["a"])

    assert warehouse.query("SELECT * FROM dbt_code").num_rows == 0


def test_views_show_the_tables(warehouse, shop):
    shop.publish(warehouse, shop.item(1, price=1.5), shop.item(2, price=2.0))

    assert warehouse.query("SELECT * FROM orders").to_pylist() == [{"order_id": 7, "total": 3.5}]


def test_every_table_and_view_of_this_version_is_made_once_and_can_be_read(opened):
    warehouse = opened()
    names = [made.name for made in (*ALL, *load_views())]

    assert len(warehouse.migrate()) >= len(names)
    assert warehouse.migrate() == []
    for name in names:
        assert warehouse.query(f"SELECT * FROM {name}").num_rows == 0, name


def test_a_query_that_fails_says_where(warehouse):
    with pytest.raises(WarehouseError, match=r"(?i)nowhere"):
        warehouse.query("SELECT * FROM nowhere")


def test_dropping_leaves_nothing_and_everything_can_be_made_again(warehouse, shop):
    shop.publish(warehouse, shop.item())
    before = warehouse.identity()

    assert sorted(warehouse.drop()) == ["dbt_code", "items", "orders", "sync_lock"]
    with pytest.raises(WarehouseError):
        warehouse.query("SELECT * FROM items")
    warehouse.migrate()

    assert shop.lines(warehouse) == []
    assert warehouse.identity().warehouse_id != before.warehouse_id


def test_a_table_to_keep_survives_a_drop_with_its_rows(warehouse, shop):
    shop.publish(warehouse, shop.item())

    dropped = set(warehouse.drop(keep=["items"])) - {"orders"}  # a view, which may keep its grants
    warehouse.migrate()

    assert dropped == {"dbt_code", "sync_lock"}
    assert shop.lines(warehouse) != []
