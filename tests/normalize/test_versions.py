"""The history of definitions: what each manifest changed against the one before it."""

from datetime import timedelta

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.normalize.project import project_in_force
from sigma_dbt_sync.normalize.versions import Chain, Moment, governors
from tests.builders import CUSTOMERS, NOON, ORDERS, column, manifest, node


def at(hour, variant=""):
    return Moment(
        started_at=NOON + timedelta(hours=hour),
        run_id=100 + hour,
        step_index=5,
        variant=variant,
        sha256=f"{variant}{hour}",
        git_sha=f"sha{hour}",
    )


def project(*nodes):
    return project_in_force(
        [("", Manifest(manifest(*nodes)))],
        built_by=lambda _: None,
        account_id=7,
        project_id=70,
        environment_id=700,
        catalog={},
    )


def orders(description="Orders.", **fields):
    return node(ORDERS, **{"description": description, "raw_code": "select 1", **fields})


def told(rows):
    return [(row.unique_id, row.run_id, row.change_kind, row.changed_fields) for row in rows]


def grown(*steps, variant="", begin=((), ())):
    chain = Chain(*begin)
    for hour, nodes in steps:
        chain.extend(at(hour, variant), project(*nodes))
    return chain


def test_the_first_manifest_adds_what_it_has():
    assert told(grown((0, [orders()])).nodes) == [(ORDERS, 100, "added", "")]


def test_the_same_definition_again_is_no_version():
    assert len(grown((0, [orders()]), (1, [orders()])).nodes) == 1


def test_compiled_code_is_no_change():
    again = orders(compiled_code="select 2")

    assert len(grown((0, [orders()]), (1, [again])).nodes) == 1


def test_a_change_names_what_changed_and_since_which_run():
    chain = grown((0, [orders()]), (2, [orders("New.", raw_code="select 2")]))

    changed = chain.nodes[1]
    assert told([changed]) == [(ORDERS, 102, "changed", "description, raw_code")]
    assert (changed.valid_from, changed.git_sha) == (at(2).started_at, "sha2")


def test_a_column_description_changes_the_column_and_its_relation():
    before = orders(columns=[column("id", "Old.")])
    chain = grown((0, [before]), (1, [orders(columns=[column("id", "New.")])]))

    assert told(chain.nodes[1:]) == [(ORDERS, 101, "changed", "column descriptions")]
    assert [(row.column_key, row.change_kind, row.description) for row in chain.columns] == [
        ("id", "added", "Old."),
        ("id", "changed", "New."),
    ]


def test_what_is_gone_is_removed_once_and_may_come_back():
    chain = grown((0, [orders()]), (1, []), (2, []), (3, [orders()]))

    assert [kind for _, _, kind, _ in told(chain.nodes)] == ["added", "removed", "added"]
    assert [row.run_id for row in chain.nodes] == [100, 101, 103]


def test_a_removed_relation_takes_its_columns_along():
    chain = grown((0, [orders(columns=[column("id", "Key.")])]), (1, []))

    assert [row.change_kind for row in chain.columns] == ["added", "removed"]


def test_a_chain_taken_up_again_appends_what_one_grown_at_once_has():
    steps = [
        (0, [orders()]),
        (1, [orders("New."), node(CUSTOMERS)]),
        (2, [node(CUSTOMERS)]),
        (3, [orders(columns=[column("id", "Key.")])]),
    ]
    whole = grown(*steps)
    first = grown(*steps[:2])
    newest = {row.unique_id: row for row in first.nodes}
    columns = {(row.unique_id, row.column_key): row for row in first.columns}
    second = grown(*steps[2:], begin=(newest.values(), columns.values()))

    assert [*first.nodes, *second.nodes] == whole.nodes
    assert [*first.columns, *second.columns] == whole.columns


def test_the_variant_that_built_a_node_governs_it_while_it_has_it():
    chains = {
        "full": grown((0, [orders()]), variant="full"),
        "light": grown((1, [orders()]), variant="light"),
    }
    both = [("light", {ORDERS}), ("full", {ORDERS})]

    assert governors(chains, both, {ORDERS: "full"}) == {ORDERS: "full"}
    assert governors(chains, both, {}) == {ORDERS: "light"}
    assert governors(chains, [("light", {ORDERS}), ("full", set())], {ORDERS: "full"}) == {
        ORDERS: "light"
    }


def test_a_node_that_no_variant_has_is_governed_by_the_one_that_lost_it_last():
    chains = {
        "full": grown((0, [orders()]), (5, []), variant="full"),
        "light": grown((1, [orders()]), (3, []), variant="light"),
    }

    assert governors(chains, [("full", set()), ("light", set())], {ORDERS: "light"}) == {
        ORDERS: "full"
    }


def test_what_only_a_lapsed_variant_has_is_removed_and_added_when_it_comes_back():
    chain = grown((0, [orders(columns=[column("id")]), node(CUSTOMERS)]), variant="eu")
    chain.lapse(at(1, "eu"), elsewhere={CUSTOMERS})
    assert chain.present == {CUSTOMERS}
    chain.extend(at(2, "eu"), project(orders(columns=[column("id")]), node(CUSTOMERS)))

    assert [(row.unique_id, row.change_kind) for row in chain.nodes[2:]] == [
        (ORDERS, "removed"),
        (ORDERS, "added"),
    ]
    assert [row.change_kind for row in chain.columns] == ["added", "removed", "added"]
