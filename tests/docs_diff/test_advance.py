"""How far a change has come, from what is known about its node."""

from datetime import timedelta

from msgspec import structs

from sigma_dbt_sync.docs_diff.advance import advance, look_now
from sigma_dbt_sync.docs_diff.comments import Evidence, TableComments
from tests.builders import minutes
from tests.docs_diff.made import build, change, docs, facts


def one(row=None, **known):
    (after,) = advance([row or change()], facts(**known))
    return after


def shown(comment, at=80, **columns):
    return Evidence(seen_at=minutes(at), by="catalog", table=TableComments(comment, columns))


def sent(row, state="confirmed", at=90):
    return one_changed(row, state=state, sent_at=minutes(at), sync_request_id="r")


def one_changed(row, **fields):
    return structs.replace(row, **fields)


def test_what_was_there_when_the_environment_was_met_is_baseline():
    assert one(change(at=0), last_build=build(0)).state == "baseline"


def test_nothing_is_sent_while_newer_runs_are_still_to_come():
    row = one(last_build=build(60), evidence=shown("New."), is_complete=False)
    assert (row.state, row.state_detail) == (
        "waiting_for_build",
        "Newer runs are still to be loaded.",
    )
    assert one(row, last_build=build(120)).first_built_at == minutes(70)


def test_without_a_build_it_waits_and_says_so():
    row = one()
    assert (row.state, row.state_detail) == ("waiting_for_build", "dbt has never built it.")


def test_a_build_of_the_run_that_brought_the_text_carries_it():
    row = one(last_build=build(60))
    assert (row.state, row.built_at, row.built_run_id) == ("built", minutes(70), 60)
    assert row.first_built_at == minutes(70)


def test_a_run_of_older_code_that_ends_later_puts_the_old_text_back():
    row = one(last_build=build(30, took=100))
    assert row.state == "waiting_for_build"
    assert row.state_detail == "Run 30 built it last, from code without this text."


def test_it_waits_again_when_older_code_was_built_over_it():
    built = one(last_build=build(60))
    again = one(built, last_build=build(30, took=100))
    assert (again.state, again.built_at, again.first_built_at) == ("waiting_for_build", None, None)


def test_a_build_of_another_variant_does_not_carry_it():
    row = one(last_build=build(60, variant="small"))
    assert row.state == "waiting_for_build"
    assert "another variant" in row.state_detail


def test_the_first_build_is_remembered_through_later_ones():
    first = one(last_build=build(60))
    later = one(first, last_build=build(120))
    assert (later.built_at, later.first_built_at) == (minutes(130), minutes(70))
    at_once = one(last_build=build(120), builds=[build(60), build(0), build(61, variant="small")])
    assert at_once.first_built_at == minutes(70)


def test_a_catalog_that_shows_the_text_verifies_it():
    row = one(last_build=build(), evidence=shown("New."))
    assert (row.state, row.verified_by, row.verified_at) == ("verified", "catalog", minutes(80))
    assert row.warehouse_comment is None


def test_a_catalog_older_than_the_build_says_nothing_against_it():
    assert one(last_build=build(), evidence=shown("Old.", at=65)).state == "built"


def test_a_catalog_older_than_the_change_says_nothing_for_it_either():
    """The text was there before, was replaced, and is to come back."""
    assert one(last_build=build(), evidence=shown("New.", at=59)).state == "built"


def test_a_verified_text_stays_so_when_it_is_built_again():
    first = one(last_build=build(), evidence=shown("New."))
    assert one(first, last_build=build(120), evidence=shown("New.")).state == "verified"


def test_a_catalog_that_shows_another_text_is_a_mismatch_with_what_it_shows():
    row = one(last_build=build(), evidence=shown("Old."))
    assert (row.state, row.warehouse_comment) == ("mismatch", "Old.")
    assert "text before" in row.state_detail


def test_a_mismatch_is_judged_again_by_the_next_build_and_the_next_catalog():
    wrong = one(last_build=build(), evidence=shown("Old."))
    rebuilt = one(wrong, last_build=build(120), evidence=shown("Old."))
    assert (rebuilt.state, rebuilt.warehouse_comment, rebuilt.state_detail) == ("built", None, None)
    seen = one(rebuilt, last_build=build(120), evidence=shown("New.", at=140))
    assert seen.state == "verified"


def test_what_the_warehouse_itself_showed_is_remembered():
    evidence = Evidence(
        seen_at=minutes(90), by="information_schema", table=TableComments("New.", {})
    )
    seen = look_now(one(last_build=build()), evidence)
    assert (seen.state, seen.verified_by) == ("verified", "information_schema")
    assert one(seen, last_build=build()).state == "verified"
    assert one(seen, last_build=build(), evidence=shown("Old.", at=80)).state == "verified"
    assert one(seen, last_build=build(), evidence=shown("Old.", at=100)).state == "mismatch"
    assert one(seen, last_build=build(30, took=100)).state == "waiting_for_build"


def test_a_mismatch_the_warehouse_itself_showed_lasts_until_the_next_build():
    evidence = Evidence(
        seen_at=minutes(90), by="information_schema", table=TableComments("Old.", {})
    )
    seen = look_now(one(last_build=build()), evidence)
    assert one(seen, last_build=build()).state == "mismatch"
    assert one(seen, last_build=build(120)).state == "built"


def test_only_the_newest_text_is_live():
    older, live = advance(
        [change("B", 60), change("C", 120, before="B")], facts(last_build=build(120))
    )
    assert (older.state, live.state) == ("superseded", "built")
    assert older.state_detail == "A newer text came with run 120."


def test_what_was_settled_stays_and_what_failed_is_superseded():
    settled, failed, live = advance(
        [
            sent(change("B", 60), "unconfirmed"),
            one_changed(change("C", 90, before="B"), state="failed", sync_request_id="q"),
            change("D", 120, before="C"),
        ],
        facts(last_build=build(120)),
    )
    assert (settled.state, failed.state, live.state) == ("unconfirmed", "superseded", "built")
    assert failed.sync_request_id == "q"


def test_a_failed_text_stays_until_a_newer_one_comes():
    row = one_changed(change(), state="failed", state_detail="Sigma answered 403.")
    assert one(row, last_build=build(120)) == row


def test_a_text_that_was_sent_and_comes_back_is_sent_again():
    _, live = advance(
        [sent(change("B", 60)), change("A", 120, before="B")], facts(last_build=build(120))
    )
    assert live.state == "built"


def test_a_text_that_went_and_came_back_unsent_needs_no_sending():
    _, live = advance(
        [change("B", 60, before="A"), change("A", 120, before="B")],
        facts(last_build=build(120)),
    )
    assert (live.state, live.state_detail) == ("superseded", "Sigma was last sent this text.")


def test_it_does_when_the_text_before_was_not_persisted():
    _, live = advance(
        [
            change("B", 60, before="A", was_persisted=False),
            change("A", 120, before="B"),
        ],
        facts(last_build=build(120)),
    )
    assert live.state == "built"


def test_it_does_when_the_relation_has_another_name_by_now():
    _, live = advance(
        [change("B", 60, before="A"), change("A", 120, before="B", relation_name='"other"')],
        facts(last_build=build(120)),
    )
    assert live.state == "built"


def test_what_was_last_sent_is_compared_not_what_was_ever_sent():
    rows = [
        sent(change("B", 60), at=90),
        sent(change("A", 120, before="B"), at=150),
        change("B", 180, before="A"),
    ]
    assert advance(rows, facts(last_build=build(180)))[-1].state == "built"


def test_a_text_on_its_way_counts_as_sent_last():
    on_its_way = one_changed(change("B", 60, before="A"), state="sent")
    _, live = advance([on_its_way, change("A", 120, before="B")], facts(last_build=build(120)))
    assert live.state == "built"


def test_a_text_sent_while_it_was_superseded_brings_the_newest_back():
    rows = [change("B", 60, before="A"), change("A", 120, before="B")]
    older, live = advance(rows, facts(last_build=build(120)))
    assert live.state == "superseded"
    _, again = advance([sent(older), live], facts(last_build=build(120)))
    assert again.state == "built"


def test_a_text_dbt_does_not_write_is_not_persisted():
    unwritten = change(is_persisted=False, state="not_persisted")
    row = one(unwritten, docs=docs(relation=False), last_build=build())
    assert row.state == "not_persisted"


def test_nothing_is_sent_of_a_node_that_is_gone_or_is_not_written_any_more():
    built = one(last_build=build())
    gone = one(built, docs=None, last_build=build())
    assert (gone.state, gone.state_detail) == (
        "superseded",
        "The node was removed from the project.",
    )
    assert one(built, docs=docs(relation=False), last_build=build()).state == "superseded"


def test_what_another_node_overruled_waits_for_a_build_of_its_own():
    built = one(last_build=build())
    overruled = one_changed(built, state="superseded", settled_at=minutes(90))
    assert one(overruled, last_build=build()) == overruled
    assert one(overruled, last_build=build(120)).state == "built"


def test_the_day_a_text_may_wait_begins_with_its_first_build():
    row = one(last_build=build(60 + 25 * 60), builds=[build(60)])
    assert row.built_at - row.first_built_at == timedelta(hours=25)
