"""Two small tables and a view, so that the contract of a warehouse is told without dbt."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta

from sigma_dbt_sync.tables.spec import Json, Row, table_of
from sigma_dbt_sync.warehouse.base import Batch, Change, Warehouse
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from sigma_dbt_sync.warehouse.views import View, parse_view


class Item(Row):
    """One row per item of an order."""

    account_id: Annotated[int, Meta(description="Account.")]
    order_id: Annotated[int, Meta(description="Order; it's big.")]
    line: Annotated[int, Meta(description="Line of the order.")]
    region: Annotated[str | None, Meta(description="Where.")] = None
    text: Annotated[str | None, Meta(description="What.")] = None
    price: Annotated[float | None, Meta(description="How much.")] = None
    is_paid: Annotated[bool | None, Meta(description="Whether.")] = None
    sold_at: Annotated[datetime | None, Meta(description="When, UTC.")] = None
    extra: Annotated[Json | None, Meta(description="Whatever else.")] = None
    raw_code_hash: Annotated[str | None, Meta(description="Code.")] = None
    seen: Annotated[int, Meta(description="How often it was seen.")] = 0


class Code(Row):
    """One row per text."""

    account_id: Annotated[int, Meta(description="Account.")]
    code_hash: Annotated[str, Meta(description="Hash.")]
    code: Annotated[str, Meta(description="Text.")]


ITEMS = table_of(Item, name="items", key=("account_id", "order_id", "line"))
CODES = table_of(Code, name="dbt_code", key=("account_id", "code_hash"))
ORDERS = parse_view(
    "orders",
    """-- orders: what was sold, one row per order.
--
-- grain    order
-- reads    items
-- columns
--   order_id  Order.
--   total     How much; it's a sum.

select order_id, sum(price) as total from items group by order_id;
""",
)


class Shop:
    """Builders for rows and batches that name only what a test is about."""

    items = ITEMS
    codes = CODES
    tables = (ITEMS, CODES)
    noon = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

    @staticmethod
    def item(line: int = 1, **values) -> Item:
        return Item(**{"account_id": 1, "order_id": 7, "line": line} | values)

    @staticmethod
    def code(code_hash: str) -> Code:
        return Code(account_id=1, code_hash=code_hash, code=f"select '{code_hash}'")

    @staticmethod
    def publish(warehouse: Warehouse, *rows: Row, sync_id: str = "s1", orphans=(), **replaces):
        """Publish rows of one table at the present generation."""
        table = CODES if rows and isinstance(rows[0], Code) else ITEMS
        changes = (Change(table, rows, replaces),)
        planned_at = warehouse.identity().generation
        return warehouse.publish(Batch(sync_id, planned_at, changes, tuple(orphans)))[table.name]

    @staticmethod
    def lines(warehouse: Warehouse) -> list[int]:
        return warehouse.query("SELECT line FROM items ORDER BY line").column(0).to_pylist()


@pytest.fixture
def shop() -> type[Shop]:
    return Shop


@pytest.fixture
def orders() -> View:
    return ORDERS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "test.duckdb"


@pytest.fixture
def warehouse(path: Path) -> Iterator[Warehouse]:
    """A DuckDB file with nothing but empty tables in it."""
    opened = DuckDB(path, tables=Shop.tables, views=[ORDERS])
    opened.migrate()
    yield opened
    opened.close()
