"""States of a dbt project, each a few edits away from the one before, all told by a seed.

A step says what kind of edits led to its state. `TEXTS` are descriptions written anew, cleared,
added and dropped, while flags, names and relations stay: there dbt and we must agree on every
relation. The other kinds are those in which we mean to differ from dbt.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tests.real_runs.project_state import ProjectState

TEXTS, FLAGS = "texts", "flags"
NEW, EPHEMERAL, RENAMED, UNNAMED = "new", "ephemeral", "renamed", "unnamed"
SEED, PAIRS = 20261125, 30
SWITCHED, SWITCHED_SEED = "switched", "switched_seed"
"""Relations whose texts no chance touches."""

_WORDS = (
    "Orders.",
    "Orders, one row each.",
    "5 $ off",
    "Größe 📦",
    'it\'s "so"',
    "two\nlines",
    " ",
)
_DOC = "{{ doc('order_id') }}"
_SQL = "select 1 as id, 2 as amount, 3 as note, 4 as city"

_PROJECT = """
name: judged
version: "1.0"
config-version: 2
profile: judged
"""
_PROFILE = """
judged:
  target: dev
  outputs:
    dev: {type: duckdb, path: ":memory:"}
"""


@dataclass(frozen=True)
class Relation:
    """One model, seed or snapshot as its YAML describes it."""

    name: str
    kind: str = "models"
    materialized: str = "table"
    flags: tuple[bool, bool] = (True, True)
    """Whether the relation's text is persisted, and whether its columns' are."""
    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    alias: str | None = None
    comment: str = ""
    """Code that changes nothing."""

    @property
    def unique_id(self) -> str:
        """The id dbt gives it."""
        return f"{self.kind.removesuffix('s')}.judged.{self.name}"


@dataclass(frozen=True)
class State:
    """The whole project, and what kind of edits led here."""

    step: str
    relations: dict[str, Relation]
    doc: str = "Number of the order."

    def project(self) -> ProjectState:
        """Write it down as files."""
        files = {
            "dbt_project.yml": _PROJECT,
            "profiles.yml": _PROFILE,
            "models/docs.md": f"{{% docs order_id %}}{self.doc}{{% enddocs %}}",
        }
        for one in self.relations.values():
            files[f"{one.kind}/{one.name}.yml"] = json.dumps(
                {one.kind: [_properties(one)]}, ensure_ascii=False
            )
            if one.kind == "models":
                files[f"models/{one.name}.sql"] = f"{_SQL} {one.comment}"
            if one.kind == "seeds":
                files[f"seeds/{one.name}.csv"] = "id,amount,note,city\n1,2,3,4\n"
        return ProjectState(files)


def _properties(one: Relation) -> dict[str, object]:
    relation, columns = one.flags
    config: dict[str, object] = {"persist_docs": {"relation": relation, "columns": columns}}
    if one.kind == "models":
        config["materialized"] = one.materialized
    if one.kind == "snapshots":
        config |= {"strategy": "check", "unique_key": "id", "check_cols": "all"}
    if one.alias:
        config["alias"] = one.alias
    named = [{"name": name, "description": text} for name, text in one.columns.items()]
    told = {"name": one.name, "description": one.description, "columns": named, "config": config}
    return told | ({"relation": "ref('table_both')"} if one.kind == "snapshots" else {})


def first() -> State:
    """A project with every way to persist, or not."""
    relations = (
        Relation("table_both", description="Orders.", columns={"id": _DOC, "amount": "In €."}),
        Relation("view_both", materialized="view", columns={"id": "Key.", "city": "Where."}),
        Relation("grown_both", materialized="incremental", description="All.", columns={"id": ""}),
        Relation("only_relation", flags=(True, False), description="Orders.", columns={"id": "K"}),
        Relation("only_columns", flags=(False, True), description="Orders.", columns={"id": _DOC}),
        Relation("neither", flags=(False, False), description="Orders.", columns={"id": "Key."}),
        Relation("a_seed", kind="seeds", description="Rows.", columns={"id": "Key.", "note": "N."}),
        Relation("a_snapshot", kind="snapshots", description="Then.", columns={"id": _DOC}),
        Relation(SWITCHED, flags=(False, False), description="Orders.", columns={"id": "Key."}),
        Relation(SWITCHED_SEED, kind="seeds", description="Rows.", columns={"id": "Key."}),
        Relation("not_there", materialized="ephemeral", flags=(False, False), description="Help."),
    )
    return State("first", {one.name: one for one in relations})


def walk(seed: int = SEED, pairs: int = PAIRS) -> Iterator[State]:
    """Yield the first state, `pairs` states after edits of texts alone, then one of every kind."""
    chance = random.Random(seed)
    state = first()
    yield state
    for _ in range(pairs):
        state = _edited(state, chance)
        yield state
    for step, edit in _OTHERS:
        state = replace(edit(state), step=step)
        yield state


def _edited(state: State, chance: random.Random) -> State:
    for _ in range(chance.randint(1, 8)):
        state = chance.choice(_EDITS)(state, chance)
    return replace(state, step=TEXTS)


def _put(state: State, one: Relation) -> State:
    return replace(state, relations=state.relations | {one.name: one})


def _any(state: State, chance: random.Random) -> Relation:
    kept_apart = (SWITCHED, SWITCHED_SEED, "not_there")
    return chance.choice([one for name, one in state.relations.items() if name not in kept_apart])


def _describe(state: State, chance: random.Random) -> State:
    one = _any(state, chance)
    return _put(state, replace(one, description=chance.choice((*_WORDS, ""))))


def _describe_column(state: State, chance: random.Random) -> State:
    one = _any(state, chance)
    name = chance.choice(["id", "amount", "note", "city"])
    text = chance.choice((*_WORDS, _DOC))
    return _put(state, replace(one, columns=one.columns | {name: text}))


def _clear_column(state: State, chance: random.Random) -> State:
    one = _any(state, chance)
    return _put(state, replace(one, columns=dict.fromkeys(one.columns, "")))


def _drop_column(state: State, chance: random.Random) -> State:
    one = _any(state, chance)
    kept = {name: text for name, text in one.columns.items() if name != "amount" or not text}
    return _put(state, replace(one, columns=kept))


def _turn_columns(state: State, chance: random.Random) -> State:
    one = _any(state, chance)
    return _put(state, replace(one, columns=dict(reversed(one.columns.items()))))


def _reword_doc(state: State, chance: random.Random) -> State:
    return replace(state, doc=chance.choice(("Number of the order.", "The order's number.")))


def _recode(state: State, chance: random.Random) -> State:
    one = state.relations["table_both"]
    return _put(state, replace(one, comment=f"-- {chance.random()}"))


_EDITS: tuple[Callable[[State, random.Random], State], ...] = (
    *[_describe] * 3,
    *[_describe_column] * 3,
    *(_clear_column, _drop_column, _turn_columns, _reword_doc, _recode),
)


def _switch(name: str, flags: tuple[bool, bool], **texts: str) -> Callable[[State], State]:
    return lambda state: _put(state, replace(state.relations[name], flags=flags, **texts))


def _add(state: State) -> State:
    silent = Relation("added_silent", columns={"id": ""})
    spoken = Relation("added_spoken", description="New here.")
    unwritten = Relation("added_unwritten", flags=(False, False), description="New here too.")
    return _put(_put(_put(state, silent), spoken), unwritten)


def _rename(state: State) -> State:
    return _put(state, replace(state.relations[SWITCHED], alias="orders_elsewhere"))


def _name_columns(state: State) -> State:
    one = state.relations["grown_both"]
    return _put(state, replace(one, columns=one.columns | {"city2": ""}))


def _help(text: str) -> Callable[[State], State]:
    on = (True, True)
    return lambda state: _put(
        state, replace(state.relations["not_there"], flags=on, description=text)
    )


_OTHERS: tuple[tuple[str, Callable[[State], State]], ...] = (
    (FLAGS, _switch(SWITCHED, (True, False))),
    (FLAGS, _switch(SWITCHED, (True, True))),
    (FLAGS, _switch(SWITCHED, (False, False))),
    (FLAGS, _switch(SWITCHED, (True, True), description="Orders again.")),
    (FLAGS, _switch(SWITCHED_SEED, (False, True))),
    (FLAGS, _switch(SWITCHED_SEED, (True, True))),
    (NEW, _add),
    (RENAMED, _rename),
    (UNNAMED, _name_columns),
    (EPHEMERAL, _help("Help, persisted.")),
    (EPHEMERAL, _help("Help, persisted nowhere.")),
)
