"""What publishing costs, and that it is all or nothing."""

from collections.abc import Iterator

import pytest

from sigma_dbt_sync.errors import BatchOutdated, WarehouseError
from sigma_dbt_sync.tables.arrow import rows_from
from sigma_dbt_sync.warehouse.base import Batch, Change, Counts
from sigma_dbt_sync.warehouse.snowflake import Snowflake
from sigma_dbt_sync.warehouse.snowflake_login import login_from
from sigma_dbt_sync.warehouse.snowflake_session import Session
from tests.warehouse.conftest import ORDERS, Shop

MANY = range(400)  # rows enough to be staged
DDL = ("CREATE", "ALTER", "DROP", "COMMENT")


@pytest.fixture
def warehouse(account, database) -> Iterator[Snowflake]:
    opened = Snowflake(login_from(account.settings(database)), tables=Shop.tables, views=[ORDERS])
    opened.migrate()
    account.log()
    yield opened
    opened.close()


def words(statements):
    """Name each statement by its first word."""
    return [sql.split(maxsplit=1)[0] for sql in statements]


def lines(warehouse, where="TRUE"):
    found = warehouse.query(f"SELECT line FROM items WHERE {where} ORDER BY line")
    return found.column(0).to_pylist()


def test_a_few_rows_travel_in_their_merge(warehouse, account):
    warehouse.publish(Batch("s", 0, (Change(Shop.items, [Shop.item(1)]),)))

    assert words(account.statements()) == ["SELECT", "BEGIN", "UPDATE", "MERGE", "COMMIT"]


def test_many_rows_are_staged_before_the_transaction_begins(warehouse, account):
    rows = [Shop.item(line) for line in MANY]
    warehouse.publish(Batch("s", 0, (Change(Shop.items, rows), Change(Shop.codes, rows=[]))))

    ran = account.statements()

    assert words(ran) == [
        *("SELECT", "CREATE", "CREATE", "PUT", "COPY"),
        *("BEGIN", "UPDATE", "MERGE", "COMMIT"),
    ]
    assert "USE_LOGICAL_TYPE=TRUE" in ran[4]
    assert ran[1].startswith("CREATE OR REPLACE TEMPORARY TABLE STG_BATCH")
    assert lines(warehouse) == list(MANY)


@pytest.mark.parametrize("lines_there", [0, 3])
def test_however_many_tables_are_large_they_are_staged_at_once(warehouse, account, lines_there):
    Shop.publish(warehouse, *(Shop.item(line, text="old") for line in range(lines_there)))
    account.log()
    items = Change(Shop.items, [Shop.item(line) for line in MANY], {"order_id": [7]})
    codes = Change(Shop.codes, [Shop.code(f"{number}") for number in MANY])

    counts = warehouse.publish(Batch("s", int(bool(lines_there)), (items, codes), ("0", "1")))

    assert words(account.statements()) == [
        *("SELECT", "CREATE", "CREATE", "PUT", "COPY"),
        *("BEGIN", "UPDATE", "MERGE", "MERGE", "DELETE", "COMMIT"),
    ]  # 11, and 5n + 2 are 12
    assert counts["items"] == Counts(inserted=len(MANY) - lines_there, updated=lines_there)
    assert counts["dbt_code"] == Counts(inserted=len(MANY), deleted=2)
    assert lines(warehouse, "text IS DISTINCT FROM 'old'") == list(MANY)


def test_what_is_there_already_is_not_sent_again(warehouse, account):
    rows = [Shop.item(line) for line in MANY]
    Shop.publish(warehouse, *rows)
    account.log()

    warehouse.publish(Batch("s", 1, (Change(Shop.items, rows, {"order_id": [7]}),)))

    assert words(account.statements()) == ["SELECT"]


@pytest.mark.parametrize("lines_before", [range(10), MANY], ids=["few", "many"])
def test_one_merge_inserts_updates_and_deletes(warehouse, account, lines_before):
    Shop.publish(warehouse, *(Shop.item(line) for line in lines_before), Shop.item(1, order_id=8))
    account.log()
    half = len(lines_before) // 2

    counts = Shop.publish(
        warehouse,
        *(Shop.item(line, text="new") for line in range(half)),
        *(Shop.item(line + 1000) for line in range(half)),
        order_id=[7],
    )

    assert counts == Counts(inserted=half, updated=half, deleted=half)
    assert words(account.statements()).count("MERGE") == 1
    assert lines(warehouse, "text = 'new'") == list(range(half))
    assert lines(warehouse, "order_id = 8") == [1]
    assert len(lines(warehouse)) == 2 * half + 1


def test_values_survive_staging(warehouse):
    rows = [
        Shop.item(
            line,
            order_id=2**63 - 1 - line,
            text=["Größe 📦 ' \" \\ \n", "", None, "x" * 200_000][line % 4],
            price=[0.1, None, -1e300][line % 3],
            is_paid=[True, False, None][line % 3],
            sold_at=[Shop.noon, None][line % 2],
            extra=['{"a":[1,2.5,"ü"],"b":null}', "null", None, "[]"][line % 4],
        )
        for line in MANY
    ]
    Shop.publish(warehouse, *rows)

    assert rows_from(Shop.items, warehouse.query("SELECT * FROM items ORDER BY line")) == rows


def test_a_merge_that_fails_leaves_all_tables_as_they_were(warehouse, account):
    Shop.publish(warehouse, Shop.item(1, text="old"), Shop.item(2))
    before = warehouse.identity()
    changes = (
        Change(Shop.items, [Shop.item(1, text="new"), Shop.item(3)], {"order_id": [7]}),
        Change(Shop.codes, [Shop.code("a")]),
    )
    account.refuse("statement", "^MERGE INTO dbt_code", message="disk on fire")

    with pytest.raises(WarehouseError, match=r"^dbt_code: snowflake:test/.*disk on fire"):
        warehouse.publish(Batch("s2", before.generation, changes))

    assert warehouse.identity() == before
    assert lines(warehouse, "text = 'old' OR line = 2") == [1, 2]

    assert warehouse.publish(Batch("s2", before.generation, changes)) == {
        "items": Counts(inserted=1, updated=1, deleted=1),
        "dbt_code": Counts(inserted=1),
    }


def test_another_sync_is_noticed_before_anything_is_staged(warehouse, account):
    Shop.publish(warehouse, Shop.item(1))
    account.log()
    batch = Batch("s", 0, (Change(Shop.items, [Shop.item(line) for line in MANY]),))

    with pytest.raises(BatchOutdated):
        warehouse.publish(batch)

    assert words(account.statements()) == ["SELECT"]


def test_another_sync_is_noticed_in_the_transaction_too(warehouse, account, database, monkeypatch):
    other = Snowflake(login_from(account.settings(database)), tables=Shop.tables, views=[ORDERS])
    upload = Session.upload

    def upload_while_another_publishes(session, content, table):
        Shop.publish(other, Shop.item(1))
        upload(session, content, table)

    monkeypatch.setattr(Session, "upload", upload_while_another_publishes)

    with pytest.raises(BatchOutdated):
        warehouse.publish(Batch("s", 0, (Change(Shop.items, [Shop.item(n) for n in MANY]),)))

    other.close()
    assert lines(warehouse) == [1]


def test_no_ddl_runs_inside_a_transaction(warehouse, account):
    rows = [Shop.item(line, raw_code_hash="a") for line in MANY]
    codes = [Shop.code(f"{line}") for line in range(1000)]
    Shop.publish(warehouse, *codes)
    warehouse.publish(
        Batch("s", 1, (Change(Shop.items, rows), Change(Shop.codes, [])), ("0", "1", "a"))
    )
    ran = account.statements()
    starts = [place for place, word in enumerate(words(ran)) if word == "BEGIN"]
    ends = [place for place, word in enumerate(words(ran)) if word == "COMMIT"]

    inside = [sql for start, end in zip(starts, ends, strict=True) for sql in ran[start:end]]

    assert [sql for sql in inside if sql.startswith(DDL)] == []
    assert warehouse.query("SELECT 1 FROM dbt_code").num_rows == 998


def test_a_batch_without_changes_costs_nothing(warehouse, account):
    assert warehouse.publish(Batch("s", 0, ())) == {}
    assert account.statements() == []


def test_texts_alone_may_be_deleted(warehouse):
    Shop.publish(warehouse, Shop.code("a"))

    assert warehouse.publish(Batch("s", 1, (), ("a",))) == {"dbt_code": Counts(deleted=1)}
    assert warehouse.identity().generation == 2


def test_statements_are_counted(warehouse, account):
    before = warehouse.statements
    Shop.publish(warehouse, *(Shop.item(line) for line in MANY))

    assert warehouse.statements - before == len(account.statements())
