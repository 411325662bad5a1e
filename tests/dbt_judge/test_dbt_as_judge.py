"""Whose persisted descriptions changed: we and dbt's own selector, asked independently.

dbt's answers were recorded (`record.py`), so that the suite needs no dbt.
"""

import pytest

from tests.dbt_judge.states import EPHEMERAL, FLAGS, NEW, PAIRS, RENAMED, TEXTS, UNNAMED, walk
from tests.dbt_judge.verdicts import pairs, read, unexplained


@pytest.fixture(scope="module")
def judged():
    """Every pair of states, with dbt's verdict and ours."""
    return list(pairs(read(), list(walk())))


def of(judged, step):
    return [(set(pair.dbts), set(pair.ours)) for pair in judged if pair.after.step == step]


def model(*names):
    return {f"model.judged.{name}" for name in names}


def test_dbt_judged_the_states_that_are_made_now():
    """Else the recording is to be made anew."""
    for state, verdict in zip(walk(), read().states, strict=True):
        told = {
            uid: (node["description"], sorted(node["columns"]), node["config"]["persist_docs"])
            for uid, node in verdict.manifest["nodes"].items()
        }
        assert state.step == verdict.step
        assert told == {
            one.unique_id: (
                one.description,
                sorted(one.columns),
                dict(zip(("relation", "columns"), one.flags, strict=True)),
            )
            for one in state.relations.values()
        }


def test_where_only_texts_change_we_name_exactly_what_dbt_names(judged):
    compared = of(judged, TEXTS)

    assert len(compared) == PAIRS >= 20
    assert [ours for _, ours in compared] == [dbts for dbts, _ in compared]


def test_what_dbt_named_there_is_neither_nothing_nor_everything(judged):
    """Or agreeing would be no feat."""
    named = [dbts for dbts, _ in of(judged, TEXTS)]

    assert len([found for found in named if found]) >= 20
    assert len([found for found in named if len(found) > 1]) >= 10
    assert not all(named)
    assert len(set().union(*named)) >= 7
    assert max(map(len, named)) < 9


def test_of_a_flag_switched_on_over_an_unchanged_text_dbt_is_silent_and_we_are_not(judged):
    switched, seed = model("switched"), {"seed.judged.switched_seed"}

    assert of(judged, FLAGS) == [
        (set(), switched),  # on for the relation
        (set(), switched),  # on for its columns
        (set(), set()),  # off: the warehouse keeps what it has
        (switched, switched),  # on again, with another text
        (set(), set()),  # off for a seed's relation
        (set(), seed),  # on again
    ]


def test_dbt_names_every_new_relation_and_we_those_with_a_text_to_show(judged):
    assert of(judged, NEW) == [
        (model("added_silent", "added_spoken", "added_unwritten"), model("added_spoken")),
    ]


def test_a_relation_that_got_another_name_is_news_for_sigma(judged):
    assert of(judged, RENAMED) == [(set(), model("switched"))]


def test_a_column_that_is_named_without_a_text_changes_nothing_anybody_sees(judged):
    assert of(judged, UNNAMED) == [(model("grown_both"), set())]


def test_of_an_ephemeral_model_there_is_nothing_to_see(judged):
    assert of(judged, EPHEMERAL)[-1] == (model("not_there"), set())


def test_nowhere_else_do_we_differ():
    assert list(unexplained(read(), list(walk()))) == []
