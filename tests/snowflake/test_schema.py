"""How a Snowflake schema comes to have the tables and views of this version."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sigma_dbt_sync.docs_diff.comments import TableComments
from sigma_dbt_sync.errors import SchemaMismatch, WarehouseError
from sigma_dbt_sync.tables.spec import Column, Kind
from sigma_dbt_sync.warehouse.snowflake import Snowflake
from sigma_dbt_sync.warehouse.snowflake_login import login_from
from sigma_dbt_sync.warehouse.views import View
from tests.warehouse.conftest import CODES, ITEMS, ORDERS, Shop

COLOUR = Column("colour", Kind.TEXT, nullable=False, description="Colour of it.")
FIRST = ["created table items", "created table dbt_code", "defined view orders"]


class Place:
    """One schema, opened anew by versions of the package."""

    def __init__(self, account, database):
        self.account = account
        self.settings = account.settings(database)
        self.database = database
        self.opened = []

    def version(self, *tables, views=(ORDERS,)) -> Snowflake:
        opened = Snowflake(login_from(self.settings), tables=tables, views=views)
        self.opened.append(opened)
        return opened

    def migrate(self, *tables, views=(ORDERS,)) -> list[str]:
        return self.version(*tables, views=views).migrate()


@pytest.fixture
def place(account, database) -> Iterator[Place]:
    made = Place(account, database)
    yield made
    for opened in made.opened:
        opened.close()


def test_a_first_migration_makes_everything_and_says_so(place):
    assert place.migrate(ITEMS, CODES) == FIRST


def test_an_unchanged_version_asks_once(place):
    place.migrate(ITEMS, CODES)
    place.account.log()

    assert place.migrate(ITEMS, CODES) == []
    assert place.account.statements() == ["SELECT fingerprint FROM sync_lock"]


def test_a_new_column_is_added_and_only_its_table_is_touched(place):
    place.migrate(ITEMS, CODES)
    warehouse = place.version(replace(ITEMS, columns=(*ITEMS.columns, COLOUR)), CODES)
    Shop.publish(place.version(ITEMS, CODES), Shop.item())
    place.account.log()

    assert warehouse.migrate() == ["added column items.colour"]

    ran = [sql for sql in place.account.statements() if not sql.startswith("SELECT")]
    assert [sql for sql in ran if "dbt_code" in sql or "VIEW" in sql] == []
    assert warehouse.query("SELECT colour FROM items").to_pylist() == [{"colour": None}]


def test_only_a_changed_view_is_made_anew_and_keeps_its_grants(place):
    other = View("other", "Other.", "x", ("items",), {"line": "Line."}, "select line from items")
    place.migrate(ITEMS, CODES, views=(ORDERS, other))
    place.account.log()
    changed = replace(ORDERS, sql="select order_id, 1.0 as total from items")

    assert place.migrate(ITEMS, CODES, views=(changed, other)) == ["defined view orders"]

    (made,) = [sql for sql in place.account.statements() if "VIEW" in sql]
    assert made.startswith("CREATE OR REPLACE VIEW orders")
    assert "COPY GRANTS" in made


def test_a_migration_that_was_cut_off_is_made_again(place):
    place.account.refuse("statement", "CREATE OR REPLACE VIEW", message="cut off")
    with pytest.raises(WarehouseError, match=r"view orders cannot be made.*cut off"):
        place.migrate(ITEMS, CODES)

    assert place.migrate(ITEMS, CODES) == ["defined view orders"]
    assert place.migrate(ITEMS, CODES) == []


def test_two_first_migrations_make_one_warehouse(place):
    place.migrate(ITEMS, CODES)
    before = place.opened[0].identity()
    place.account.refuse("statement", "SELECT fingerprint", code="002003", message="not there yet")

    place.migrate(ITEMS, CODES)

    assert place.opened[1].identity() == before
    assert place.opened[1].query("SELECT 1 FROM sync_lock").num_rows == 1


@pytest.mark.parametrize("change", ["type", "unknown", "key"])
def test_what_adding_a_column_cannot_mend_is_refused_and_nothing_is_changed(place, change):
    place.migrate(ITEMS, CODES)
    columns = [
        replace(column, kind=Kind.TEXT) if column.name == "price" else column
        for column in ITEMS.columns
    ]
    other = {
        "type": replace(ITEMS, columns=tuple(columns)),
        "unknown": replace(ITEMS, columns=ITEMS.columns[:-1]),
        "key": replace(ITEMS, columns=(*ITEMS.columns, COLOUR), key=(*ITEMS.key, "colour")),
    }[change]
    place.account.log()

    with pytest.raises(SchemaMismatch, match=r"items\.(price is FLOAT|seen|colour).*--rebuild"):
        place.migrate(replace(CODES, name="new_table"), other)

    assert [sql for sql in place.account.statements() if not sql.startswith("SELECT")] == []


def test_a_schema_is_made_where_there_is_none(place):
    place.account.answer("^SELECT CURRENT_SCHEMA", {"S": None})
    place.migrate(ITEMS)

    assert "CREATE SCHEMA IF NOT EXISTS DBT_METADATA" in place.account.statements()


def test_a_rebuild_keeps_views_because_of_their_grants(place):
    place.migrate(ITEMS, CODES)
    warehouse = place.opened[0]
    Shop.publish(warehouse, Shop.item(1, price=2.0))
    Shop.publish(warehouse, Shop.code("a"))

    assert warehouse.drop(keep={"items"}) == ["dbt_code", "sync_lock"]
    assert warehouse.migrate() == ["created table dbt_code", "defined view orders"]
    assert warehouse.query("SELECT total FROM orders").to_pylist() == [{"total": 2.0}]


def test_tables_and_columns_carry_their_descriptions(place):
    place.migrate(ITEMS, CODES)
    warehouse = place.opened[0]
    schema = "DBT_METADATA"
    there, gone = (place.database, schema, "ITEMS"), (place.database, schema, "NOWHERE")
    elsewhere = ("NO_SUCH_DATABASE", schema, "ITEMS")
    place.account.log()

    found = warehouse.comments([there, gone, elsewhere])

    assert list(found) == [there]
    comments = found[there]
    assert isinstance(comments, TableComments)
    assert comments.comment == "One row per item of an order."
    assert comments.columns["ORDER_ID"] == "Order; it's big."
    assert comments.columns["ROW_HASH"] == "Changes when the row changes."
    assert len(place.account.statements()) == 2


def test_changed_descriptions_are_renewed(place):
    place.migrate(ITEMS, CODES)
    column = replace(ITEMS.columns[1], description=r"Order, C:\new.")
    place.account.log()

    place.migrate(replace(ITEMS, columns=(ITEMS.columns[0], column, *ITEMS.columns[2:])), CODES)

    renewed = [sql for sql in place.account.statements() if sql.startswith(("ALTER", "COMMENT"))]
    assert renewed == [
        r"COMMENT ON COLUMN items.order_id IS 'Order, C:\\new.'",
        "COMMENT ON TABLE items IS 'One row per item of an order.'",
    ]
