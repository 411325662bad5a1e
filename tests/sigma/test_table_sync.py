"""One table: found, synced, read back; every way that can end."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sigma_dbt_sync.demo.faults import Fault, edge_limit
from sigma_dbt_sync.demo.sigma_catalog import TableComments
from sigma_dbt_sync.sigma import Wanted

ORDERS = ("SHOP", "ANALYTICS", "ORDERS")
NEW = {"ORDER_ID": "One number per order.", "STATUS": "Where it stands now."}


def wanted(path=ORDERS, columns=NEW, **more) -> Wanted:
    return Wanted(path=path, columns=columns, **more)


def levels(organization) -> list[str]:
    return [done.level for done in organization.syncs]


@pytest.fixture
def changed(warehouse, connection):
    """Let dbt write another description, after Sigma has indexed."""
    assert connection.indexed
    warehouse[ORDERS] = TableComments("Orders.", dict(NEW) | {"NOTE": None})


@pytest.mark.usefixtures("changed")
def test_a_changed_description_is_synced_and_seen(table_sync, organization):
    outcome = table_sync().run(wanted(relation_description="Orders."))

    assert outcome.state == "confirmed"
    assert (outcome.expected_columns, outcome.verified_columns) == (2, 2)
    assert (outcome.http_status, outcome.error) == (200, None)
    assert outcome.request_id
    assert outcome.inode_id.startswith("inode-")
    assert outcome.sigma_url.startswith("https://")
    assert [done.path for done in organization.syncs] == [ORDERS]


def test_a_table_description_alone_is_accepted(table_sync):
    outcome = table_sync().run(wanted(columns={}, relation_description="Orders."))

    assert outcome.state == "accepted"
    assert outcome.verified_columns is None


def test_a_description_that_never_shows_is_unconfirmed(table_sync):
    never = dict.fromkeys(("ORDER_ID", "STATUS", "NOTE", "A", "B"), "Never.")
    outcome = table_sync().run(wanted(columns=never | {"STATUS": "Where it stands."}))

    assert outcome.state == "unconfirmed"
    assert outcome.verified_columns == 1
    assert "ORDER_ID, NOTE, A and 1 more" in outcome.error


@pytest.mark.usefixtures("changed")
def test_an_annotation_made_in_sigma_wins_and_is_told(table_sync, connection):
    connection.annotations[ORDERS, "STATUS"] = "Ask Ann."
    outcome = table_sync().run(wanted())

    assert outcome.state == "unconfirmed"
    assert outcome.http_status == 200
    assert "for STATUS." in outcome.error


def test_columns_that_show_late_are_waited_for(table_sync, server, warehouse):
    synced = table_sync(read_back_seconds=30)
    inode = synced.run(wanted(columns={})).inode_id
    late = b'{"entries": [{"name": "ORDER_ID"}]}'
    server.faults.append(Fault(f"{inode}/columns", status=200, body=late, times=3))
    outcome = synced.run(wanted(columns={"ORDER_ID": warehouse[ORDERS].columns["ORDER_ID"]}))

    assert outcome.state == "confirmed"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("order_id", "One number per order."),
        ("ORDER_ID", "  One number per order.\n"),
        ("NOTE", ""),
        ("NOTE", " "),
        ("GONE", ""),
    ],
)
def test_case_and_outer_blanks_and_nothing_do_not_differ(name, text, table_sync):
    assert table_sync().run(wanted(columns={name: text})).state == "confirmed"


def test_line_ends_do_not_differ_but_lines_do(table_sync, warehouse):
    warehouse[ORDERS] = TableComments(None, {"A": "one\r\ntwo\rthree", "B": "one two"})

    assert table_sync().run(wanted(columns={"A": "one\ntwo\nthree"})).state == "confirmed"
    assert table_sync().run(wanted(columns={"B": "one\ntwo"})).state == "unconfirmed"


def test_a_column_that_still_has_a_description_is_not_cleared(table_sync):
    assert table_sync().run(wanted(columns={"STATUS": ""})).state == "unconfirmed"


def test_two_columns_that_differ_in_case_are_kept_apart(table_sync, warehouse):
    warehouse[ORDERS] = TableComments(None, {"id": "Small.", "ID": "Large."})

    assert table_sync().run(wanted(columns={"id": "Small.", "ID": "Large."})).state == "confirmed"
    assert table_sync().run(wanted(columns={"Id": "Small."})).state == "unconfirmed"


@pytest.mark.parametrize(("friendly", "state"), [(True, "confirmed"), (False, "unconfirmed")])
def test_friendly_names_are_recognized_where_they_are_on(
    friendly, state, table_sync, warehouse, connection
):
    connection.friendly_name = friendly
    warehouse[ORDERS] = TableComments(None, {"Order Id": "A number."})

    assert table_sync().run(wanted(columns={"ORDER_ID": "A number."})).state == state


def test_a_new_table_is_discovered_by_one_sync_of_its_schema(table_sync, warehouse, organization):
    new = [("SHOP", "ANALYTICS", f"NEW_{number}") for number in range(6)]
    warehouse |= {path: TableComments("New.", {"A": "Text."}) for path in new}
    synced = table_sync(discovery_seconds=30)
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda path: synced.run(wanted(path, {"A": "Text."})), new))

    assert [outcome.state for outcome in outcomes] == ["confirmed"] * 6
    assert levels(organization).count("schema") == 1
    assert sorted(done.path for done in organization.syncs if done.level == "table") == new


def test_a_table_nobody_granted_is_not_in_sigma(table_sync, organization):
    synced = table_sync()
    outcomes = [synced.run(wanted(("SHOP", "ANALYTICS", name))) for name in ("X", "Y")]

    assert [outcome.state for outcome in outcomes] == ["not_in_sigma"] * 2
    assert outcomes[0].http_status == 404
    assert "GRANT SELECT" in outcomes[0].error
    assert "USAGE on SHOP.ANALYTICS" in outcomes[0].error
    assert levels(organization) == ["schema"]


def test_a_schema_nobody_granted_is_not_in_sigma_at_once(table_sync, asked):
    outcome = table_sync(discovery_seconds=60).run(wanted(("SHOP", "SECRET", "X")))

    assert outcome.state == "not_in_sigma"
    assert len(asked("/lookup")) == 2


@pytest.mark.usefixtures("changed")
def test_a_table_dropped_since_is_not_in_sigma(table_sync, warehouse):
    del warehouse[ORDERS]

    assert table_sync().run(wanted()).state == "not_in_sigma"


def test_on_redshift_a_path_has_two_names(table_sync, warehouse, connection, organization):
    connection.type = "redshift"
    warehouse[ORDERS[1:]] = warehouse[ORDERS]
    outcome = table_sync().run(wanted(columns={"STATUS": "Where it stands."}))

    assert outcome.state == "confirmed"
    assert [done.path for done in organization.syncs] == [("ANALYTICS",), ("ANALYTICS", "ORDERS")]


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("kind", ["snowflake", "bigQuery", "databricks", "postgres"])
def test_elsewhere_a_path_has_three_names(kind, table_sync, connection, organization):
    connection.type = kind
    outcome = table_sync().run(wanted())

    assert outcome.state == "confirmed"
    assert [done.path for done in organization.syncs] == [ORDERS]


@pytest.mark.usefixtures("changed")
def test_after_a_crash_nothing_is_sent_where_it_has_happened(table_sync, organization):
    synced = table_sync()
    synced.run(wanted())
    outcome = synced.run(wanted(), read_back_first=True)

    assert outcome.state == "confirmed"
    assert outcome.verified_columns == 2
    assert levels(organization) == ["table"]


@pytest.mark.usefixtures("changed")
def test_without_a_crash_it_is_sent_whatever_sigma_shows(table_sync, organization):
    synced = table_sync()
    synced.run(wanted())
    synced.run(wanted())

    assert levels(organization) == ["table", "table"]


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("columns", [NEW, {}])
def test_after_a_crash_it_is_sent_where_nothing_proves_it(columns, table_sync, organization):
    table_sync().run(wanted(columns=columns), read_back_first=True)

    assert levels(organization) == ["table"]


@pytest.mark.parametrize("status", [401, 403])
def test_no_permission_is_denied_and_not_repeated(status, table_sync, server, organization):
    synced = table_sync()
    server.faults.append(Fault("/sync", status=status, body=b'{"requestId": "r-1"}', times=9))
    outcome = synced.run(wanted())

    assert outcome.state == "denied"
    assert outcome.http_status == status
    assert outcome.request_id == "r-1"
    assert outcome.inode_id
    assert organization.syncs == []


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("fault", [edge_limit("/sync", times=2), Fault("/sync", times=2)])
def test_trouble_that_passes_leaves_no_trace(fault, table_sync, server, organization):
    synced = table_sync()
    server.faults.append(fault)

    assert synced.run(wanted()).state == "confirmed"
    assert levels(organization) == ["table"]


@pytest.mark.parametrize("path", ["/lookup", "/sync", "/columns"])
@pytest.mark.parametrize("status", [429, 503])
def test_trouble_that_stays_is_for_a_retry(path, status, table_sync, server):
    synced = table_sync()
    server.faults.append(Fault(path, status=status, times=99))
    outcome = synced.run(wanted())

    assert outcome.state == "retry"
    assert outcome.http_status == status
    assert outcome.error


def test_a_refusal_nobody_knows_is_a_failure(table_sync, server):
    synced = table_sync()
    server.faults.append(Fault("/sync", status=422))
    outcome = synced.run(wanted())

    assert (outcome.state, outcome.http_status) == ("failed", 422)


@pytest.mark.parametrize("status", [403, 404])
def test_a_sync_whose_columns_may_not_be_read_is_accepted(status, table_sync, server):
    synced = table_sync()
    server.faults.append(Fault("/columns", status=status, times=9))
    outcome = synced.run(wanted(), read_back_first=True)

    assert outcome.state == "accepted"
    assert outcome.http_status == 200
    assert "read back" in outcome.error


def test_an_oauth_connection_is_synced_too(table_sync, connection, warehouse):
    connection.use_oauth = True
    new = ("SHOP", "ANALYTICS", "NEW")
    warehouse[new] = TableComments("New.", {"A": "Text."})

    assert table_sync().run(wanted(new, {"A": "Text."})).state == "confirmed"


def test_a_mistake_of_ours_is_not_an_outcome(table_sync):
    with pytest.raises(TypeError):
        table_sync().run(wanted(path=None))
