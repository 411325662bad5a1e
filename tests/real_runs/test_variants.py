"""Jobs that parse one project with other --vars: whose definition of a node counts."""


def test_a_node_is_as_the_variant_that_last_built_it_defines_it(library):
    library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.sync()

    assert library.description("dbt_models", "branch_loans").endswith("for librarians.")
    assert library.description("dbt_models", "overdue").endswith("for librarians.")
    assert library.description("dbt_models", "readers").endswith("for everybody.")


def test_a_newer_manifest_of_another_variant_does_not_take_a_node_over(library):
    library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.happen("readers_only", hours=3)
    library.sync()

    assert library.description("dbt_models", "branch_loans").endswith("for librarians.")
    assert library.description("dbt_models", "overdue").endswith("for librarians.")


def test_a_node_goes_back_to_the_variant_that_builds_it_again(library):
    first = library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.sync()
    library.happen("first", minutes=30)
    library.later(minutes=15)
    library.sync()

    assert library.description("dbt_models", "branch_loans").endswith("for everybody.")
    assert library.versions("branch_loans") == [("added", first.id)]


def test_what_is_never_built_is_as_the_newest_manifest_of_any_variant_defines_it(library):
    library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.sync()

    assert library.description("dbt_sources", "loans").endswith("for librarians.")
    assert library.description("dbt_exposures", "desk_report").startswith("What librarians")
    library.happen("readers_only", hours=3)
    library.later(minutes=15)
    library.sync()

    assert library.description("dbt_sources", "loans").endswith("for everybody.")
    assert library.description("dbt_exposures", "desk_report").startswith("What everybody")


def test_a_variant_is_named_without_the_values_of_its_variables(library):
    library.happen("first", hours=5)
    library.happen("for_librarians", hours=4)
    library.sync()
    named = [name for (name,) in library.query("SELECT variant FROM dbt_runs ORDER BY run_id")]

    assert named[0] == ""
    assert named[1].startswith("vars=")
    assert "librarians" not in repr(library.contents()["dbt_run_steps"])
