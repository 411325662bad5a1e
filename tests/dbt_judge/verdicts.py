"""What dbt said about each state, and how far we may differ from it.

dbt's selector looks at texts alone, and at all of them. We ask what the warehouse will show
differently. So there are four kinds of relations on which the two disagree, and no others:

- new ones: dbt names all, we those with a text that is persisted;
- ephemeral ones, which dbt names and nobody can see;
- columns that got a name in YAML, or lost it, and never had a text: dbt names their relation;
- texts unchanged that were not persisted before, or not in this relation: dbt leaves switched flags
  to `state:modified.configs` and other names to `state:modified.relation`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.docs_diff.persisted import changed_relations
from tests.dbt_judge.states import Relation, State

FILE = Path(__file__).parent / "verdicts.json.zst"


@dataclass(frozen=True)
class Verdict:
    """A state's manifest as dbt wrote it, trimmed, and the relations dbt named."""

    step: str
    manifest: dict[str, Any]
    named: list[str]


@dataclass(frozen=True)
class Verdicts:
    """All states in their order; the first is compared with nothing."""

    dbt_version: str
    states: list[Verdict]


@dataclass(frozen=True)
class Pair:
    """Two states that follow each other, what dbt named of the second, and what we do."""

    before: State
    after: State
    dbts: frozenset[str]
    ours: frozenset[str]

    @property
    def excused(self) -> frozenset[str]:
        """Relations on which dbt and we may disagree, told from the states alone."""
        old = self.before.relations
        return frozenset(
            one.unique_id
            for name, one in self.after.relations.items()
            if _is_excused(old.get(name), one)
        )


def read() -> Verdicts:
    """Read the recorded verdicts."""
    content = zstandard.ZstdDecompressor().decompress(FILE.read_bytes())
    return msgspec.json.decode(content, type=Verdicts)


def encode(verdicts: Verdicts) -> bytes:
    """Lay verdicts out for the file."""
    return msgspec.json.encode(verdicts)


def pairs(verdicts: Verdicts, states: list[State]) -> Iterator[Pair]:
    """Put dbt's answers beside ours."""
    judged = zip(states, verdicts.states, strict=True)
    for (before, was), (after, verdict) in pairwise(judged):
        old, new = (Manifest(msgspec.json.encode(one.manifest)) for one in (was, verdict))
        ours = frozenset(changed_relations(old, new))
        yield Pair(before, after, frozenset(verdict.named), ours)


def unexplained(verdicts: Verdicts, states: list[State]) -> Iterator[str]:
    """Say in which pairs we differ from dbt for no reason given above."""
    for number, pair in enumerate(pairs(verdicts, states), start=1):
        if found := (pair.dbts ^ pair.ours) - pair.excused:
            yield f"pair {number} ({pair.after.step}): {', '.join(sorted(found))}\n"


def _is_excused(was: Relation | None, one: Relation) -> bool:
    if was is None or one.materialized == "ephemeral":
        return True
    if (was.flags, was.alias) != (one.flags, one.alias):
        return True
    came_or_went = was.columns.keys() ^ one.columns.keys()
    return not all((was.columns | one.columns)[name] for name in came_or_went)
