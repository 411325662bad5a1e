"""What the history views mean, on the demo account's story."""

from sigma_dbt_sync.demo import company

PRODUCTION = company.PRODUCTION.id


def test_versions_of_a_relation_follow_each_other_without_a_gap(rows, account):
    found = rows(
        "SELECT * FROM dbt_node_history WHERE environment_id = ? AND unique_id = ? "
        "ORDER BY valid_from",
        PRODUCTION,
        "model.shop.customers.v2",
    )
    assert [row["run_id"] for row in found] == [
        account.run("baseline").id,
        account.run("descriptions").id,
    ]
    assert [row["change_kind"] for row in found] == ["added", "changed"]
    assert found[0]["valid_to"] == found[1]["valid_from"]
    assert [row["is_current"] for row in found] == [False, True]
    assert found[1]["valid_to"] is None
    assert "description" in found[1]["changed_fields"]


def test_a_column_has_the_description_it_had_then(rows):
    found = rows(
        "SELECT * FROM dbt_column_history "
        "WHERE environment_id = ? AND unique_id = ? AND column_key = ? ORDER BY valid_from",
        PRODUCTION,
        "model.shop.customers.v2",
        "lifetime_value",
    )
    before, after = found
    assert before["description"] != after["description"]
    assert before["valid_to"] == after["valid_from"]


def test_the_current_version_is_the_current_definition(rows):
    strays = rows(
        "SELECT unique_id FROM dbt_node_history AS history JOIN dbt_models AS models "
        "USING (account_id, environment_id, unique_id) "
        "WHERE is_current AND history.definition_hash <> models.definition_hash"
    )
    assert strays == []


def test_a_pull_request_leaves_no_trace_in_the_history(rows, account):
    ci = account.run("pull_request").id
    assert rows("SELECT * FROM dbt_node_history WHERE run_id = ?", ci) == []
