"""Relations that are renamed, come back, or get a second version."""


def test_a_renamed_relation_is_another_one(library):
    first = library.happen("first", hours=5)
    renamed = library.happen("renamed", hours=4)
    library.sync()

    assert library.names("dbt_models") & {"shelves", "stacks"} == {"stacks"}
    assert library.versions("shelves") == [("added", first.id), ("removed", renamed.id)]
    assert library.versions("stacks") == [("added", renamed.id)]
    assert library.status("shelves") == (first.id, "success")


def test_a_relation_that_comes_back_continues_its_history(library):
    first = library.happen("first", hours=5)
    renamed = library.happen("renamed", hours=4)
    library.sync()
    again = library.happen("first", minutes=20)
    library.later(minutes=15)
    library.sync()

    assert library.names("dbt_models") & {"shelves", "stacks"} == {"shelves"}
    assert library.versions("shelves") == [
        ("added", first.id),
        ("removed", renamed.id),
        ("added", again.id),
    ]
    assert library.query("SELECT first_seen_at FROM dbt_models WHERE name = 'shelves'") == [
        (first.started_at,)
    ]


def test_each_version_of_a_model_is_a_relation_of_its_own(library):
    first = library.happen("first", hours=5)
    versioned = library.happen("versioned", hours=4)
    library.sync()

    assert library.query(
        "SELECT unique_id, model_version, latest_version, identifier FROM dbt_models "
        "WHERE name = 'fees' ORDER BY ALL"
    ) == [
        ("model.library.fees.v1", "1", "2", "fees_v1"),
        ("model.library.fees.v2", "2", "2", "fees_v2"),
    ]
    assert library.status("fees.v1") == library.status("fees.v2") == (versioned.id, "success")
    assert ("added", first.id) in library.versions("fees")
    assert ("added", versioned.id) in library.versions("fees")


def test_compiled_code_stays_when_a_newer_run_compiles_something_else(library):
    compiled = (
        "SELECT name, compiled_code_hash FROM dbt_models WHERE name <> 'readers' ORDER BY ALL"
    )
    library.happen("first", hours=5)
    library.sync()
    before = library.query(compiled)
    library.happen("readers_only", minutes=20)
    library.later(minutes=15)
    library.sync()

    assert [name for name, code in before if code is None] == []
    assert library.query(compiled) == before
