"""The project behind the artifacts: what there is, and who reads whom. No JSON here.

A revision is a later parse of the same project, in which a share of the models was edited. Like a
real parse it gives every node another `created_at` and the file another invocation.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from benchmarks.made_up.text import WORDS, dice

DATABASE, NAME = "ANALYTICS", "acme"
BEGIN = datetime(2026, 8, 13, 6, 0, 12, 524967, tzinfo=UTC)
GENERIC = ("not_null", "unique", "accepted_values", "relationships")
_LAYERS = ((0.45, "staging", "stg"), (0.75, "intermediate", "int"), (1.0, "marts", "fct"))


@dataclass(frozen=True, slots=True)
class Size:
    """How large a project is."""

    models: int
    columns: int
    tests_per_model: int = 4
    macros: int = 800


SIZES = {"S": Size(100, 8), "M": Size(2_000, 10), "L": Size(10_000, 12)}


@dataclass(frozen=True, slots=True)
class Relation:
    """A source, model, seed or snapshot; `code_seed` decides what its code and docs say."""

    kind: str
    unique_id: str
    name: str
    schema: str
    folder: tuple[str, ...]
    columns: tuple[str, ...]
    materialized: str
    parents: tuple["Relation", ...] = ()
    code_seed: str = ""

    @property
    def relation_name(self) -> str:
        """Its quoted name in the warehouse."""
        return f'"{DATABASE}"."{self.schema}"."{self.name}"'

    @property
    def reference(self) -> str:
        """How Jinja calls it."""
        if self.kind == "source":
            return f"source('{self.folder[-1]}', '{self.name}')"
        return f"ref('{self.name}')"


@dataclass(frozen=True, slots=True)
class DataTest:
    """A test of one column; a singular one has no `kind`."""

    unique_id: str
    name: str
    kind: str | None
    target: Relation
    column: str
    other: Relation
    severity: str


class Project:
    """Everything in one parse of the project."""

    def __init__(self, size: Size, *, revision: int = 0, changed_share: float = 0.0) -> None:
        self.size = size
        self.begin = BEGIN + timedelta(hours=6 * revision)
        self.invocation_id = str(UUID(int=dice("invocation", revision).getrandbits(128), version=4))
        count = round(size.models * changed_share)
        self._changed = set(dice("changed", revision).sample(range(size.models), count))
        self._revision = revision
        self.sources = [self._source(i) for i in range(max(2, size.models // 5))]
        self.models: list[Relation] = []
        for i in range(size.models):
            self.models.append(self._model(i))
        self.seeds = [self._beside("seed", i) for i in range(size.models * 3 // 100)]
        self.snapshots = [self._beside("snapshot", i) for i in range(size.models * 2 // 100)]
        self.tests = [self._test(i) for i in range(size.models * size.tests_per_model)]

    def built(self) -> list[Relation]:
        """Relations that dbt builds, in the order of the manifest."""
        return [*self.models, *self.seeds, *self.snapshots]

    def _source(self, i: int) -> Relation:
        chance = dice("source", i)
        system = f"{WORDS[(i // 25) % len(WORDS)]}_{i // 25}"
        name = f"{chance.choice(WORDS)}_{chance.choice(WORDS)}_{i}"
        return Relation(
            kind="source",
            unique_id=f"source.{NAME}.{system}.{name}",
            name=name,
            schema=f"RAW_{system.upper()}",
            folder=("staging", system),
            columns=self._columns(f"source/{i}", self.size.columns, "id"),
            materialized="table",
        )

    def _model(self, i: int) -> Relation:
        chance = dice("model", i)
        share = (i + 0.5) / self.size.models
        layer, prefix = next((layer, prefix) for end, layer, prefix in _LAYERS if share < end)
        area = WORDS[chance.randrange(min(len(WORDS), 4 + self.size.models // 100))]
        name = f"{prefix}_{area}__{chance.choice(WORDS)}_{chance.choice(WORDS)}_{i}"
        if layer == "staging" or i == 0:
            parents = [chance.choice(self.sources)]
        else:
            parents = [self.models[chance.randrange(i)] for _ in range(chance.randrange(1, 5))]
        columns = max(1, int(chance.lognormvariate(0, 0.5) * self.size.columns / 1.13))
        kinds = ("view", "table", "incremental", "ephemeral")
        return Relation(
            kind="model",
            unique_id=f"model.{NAME}.{name}",
            name=name,
            schema=f"{layer.upper()}_{area.upper()}",
            folder=(layer, area),
            columns=self._columns(f"model/{i}", columns, f"{area}_id"),
            materialized=chance.choices(kinds, (45, 35, 18, 2))[0],
            parents=tuple(dict.fromkeys(parents)),
            code_seed=f"{i}/{self._revision if i in self._changed else 0}",
        )

    def _beside(self, kind: str, i: int) -> Relation:
        chance = dice(kind, i)
        name = f"{kind}_{chance.choice(WORDS)}_{chance.choice(WORDS)}_{i}"
        return Relation(
            kind=kind,
            unique_id=f"{kind}.{NAME}.{name}",
            name=name,
            schema=f"{kind.upper()}S",
            folder=(f"{kind}s",),
            columns=self._columns(f"{kind}/{i}", self.size.columns, "id"),
            materialized=kind,
            parents=(self.models[i],) if kind == "snapshot" else (),
            code_seed=f"{kind}/{i}",
        )

    def _test(self, i: int) -> DataTest:
        chance = dice("test", i)
        on_source = chance.random() < 0.08  # noqa: PLR2004 - shares seen in real projects
        target = chance.choice(self.sources) if on_source else self.models[i % len(self.models)]
        turn = i // len(self.models)
        kind = None if chance.random() < 0.03 else GENERIC[turn % len(GENERIC)]  # noqa: PLR2004
        column = target.columns[turn % len(target.columns)]
        digits = f"{chance.getrandbits(40):010x}"
        if kind is None:
            name = f"assert_{target.name}_{digits}"
            unique_id = f"test.{NAME}.{name}"
        else:
            name = f"{'source_' if on_source else ''}{kind}_{target.name}_{column}"
            unique_id = f"test.{NAME}.{name}.{digits}"
        severity = "WARN" if chance.random() < 0.15 else "ERROR"  # noqa: PLR2004
        other = chance.choice(self.models)
        return DataTest(unique_id, name, kind, target, column, other, severity)

    def _columns(self, owner: str, count: int, key: str) -> tuple[str, ...]:
        chance = dice("columns", owner)
        names = {key: None}
        while len(names) < count:
            names[f"{chance.choice(WORDS)}_{chance.choice(WORDS)}"] = None
        return tuple(names)
