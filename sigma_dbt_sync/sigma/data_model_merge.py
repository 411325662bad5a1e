"""Brings a model up to date and leaves alone what people made of it.

Three texts are compared for everything that is published: what was sent last, what Sigma shows
now, and what should be shown. Where Sigma shows what it showed right after it was sent, nobody
touched it, and it follows. Where it shows something else, a person changed it, and it stays. What
people added is not looked at, and what they removed is not brought back. What a newer version no
longer publishes stays too, because a workbook may rest on it.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from sigma_dbt_sync.sigma.data_model_parts import (
    Memory,
    Remembered,
    column_ids,
    column_key,
    column_names,
    element_key,
    elements_of,
    locate,
    metric_key,
    name_of,
    relationship_key,
    same_formula,
)
from sigma_dbt_sync.sigma.data_model_spec import (
    Values,
    WantedElement,
    metric_values,
    relationship_values,
)


class Merged(Struct, frozen=True, kw_only=True):
    """A model brought up to date, and in words what that did; `sent` is by part, what is ours."""

    spec: Values
    sent: dict[str, Values] = field(default_factory=dict[str, Values])
    added: list[str] = field(default_factory=list[str])
    changed: list[str] = field(default_factory=list[str])
    kept: list[str] = field(default_factory=list[str])
    """What a person changed, or gave a name or id to that ours would have had."""
    removed: list[str] = field(default_factory=list[str])
    """What a person removed, or what rests on it."""
    outlived: list[str] = field(default_factory=list[str])
    """What is no longer published, and still there."""

    @property
    def is_news(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.added or self.changed)


def merge(present: Mapping[str, Any], wanted: Sequence[WantedElement], memory: Memory) -> Merged:
    """Bring `present`, a model as Sigma holds it, up to date; it is not changed itself."""
    return _Merge(present, wanted, memory).run()


def remember(
    present: Mapping[str, Any],
    wanted: Sequence[WantedElement],
    memory: Memory,
    sent: Mapping[str, Values],
) -> dict[str, Remembered]:
    """Note how Sigma shows what was just sent; `present` is the model as read back."""
    noted = dict(memory)
    for key, part in locate(present, wanted, memory).items():
        before = noted.get(key, Remembered(""))
        ours = sent.get(key, {})
        shown = {what: part.get(what) for what in ours}
        noted[key] = Remembered(str(part["id"]), before.sent | ours, before.shown | shown)
    return noted


class _Merge:
    """One merge; parts are found first, and then gone through in the order of the page."""

    def __init__(
        self, present: Mapping[str, Any], wanted: Sequence[WantedElement], memory: Memory
    ) -> None:
        self._wanted = wanted
        self._memory = memory
        self._told = Merged(spec=copy.deepcopy(dict(present)))
        self._found = locate(self._told.spec, wanted, memory)

    def run(self) -> Merged:
        for one in self._wanted:
            self._element(one)
        for one in self._wanted:  # when every element and column has its id
            self._relationships(one)
        wanted = {*self._told.sent, *self._found}
        there = {str(part.get("id")) for part in self._parts_there()}
        self._told.outlived.extend(
            key for key, part in self._memory.items() if key not in wanted and part.id in there
        )
        return self._told

    def _element(self, one: WantedElement) -> None:
        name = one.values["name"]
        page, rivals = self._page(), list(elements_of(self._told.spec))
        element = self._part(element_key(one.view), name, one.values, page, one.view, rivals)
        if element is None:
            return
        columns = _list(element, "columns")
        metrics = _list(element, "metrics") if one.element.metrics else []
        for wanted in one.columns:
            label = f"{name}: column {wanted.values['name']}"
            key = column_key(one.view, wanted.column)
            new_id = f"{one.view}-{wanted.column}"
            is_new = key not in self._found
            rivals = [*columns, *metrics]
            column = self._part(key, label, wanted.values, columns, new_id, rivals)
            if column is not None and is_new and "order" in element:
                element["order"].append(column["id"])
        for metric in one.element.metrics:
            label = f"{name}: metric {metric.name}"
            key = metric_key(one.view, metric)
            try:
                values = metric_values(metric, column_names(one.view, self._found))
            except KeyError:
                self._without(key, label)
                continue
            new_id = f"{one.view}-metric-{metric.name}".replace(" ", "-")
            self._part(key, label, values, metrics, new_id, [*columns, *metrics])

    def _relationships(self, one: WantedElement) -> None:
        element = self._found.get(element_key(one.view))
        if element is None:
            return
        for each in one.element.relationships:
            label = f"{one.values['name']}: relationship {each.name}"
            key = relationship_key(one.view, each)
            target = self._found.get(element_key(each.view), {})
            try:
                values = relationship_values(
                    each,
                    target["id"],
                    column_ids(one.view, self._found),
                    column_ids(each.view, self._found),
                )
            except KeyError:
                self._without(key, label)
                continue
            new_id = f"{one.view}-to-{each.view}"
            self._part(key, label, values, _list(element, "relationships"), new_id, ())

    def _part(
        self,
        key: str,
        label: str,
        values: Values,
        among: list[Values],
        new_id: str,
        rivals: Iterable[Values],
    ) -> Values | None:
        """Update a part, or add it; None when a person removed it, or took its name or id."""
        part = self._found.get(key)
        if part is not None:
            self._update(key, label, part, values)
            return part
        if key in self._memory:
            self._told.removed.append(label)
            return None
        if values["name"] in map(name_of, rivals):
            self._told.kept.append(f"{label} (something else has its name)")
            return None
        if new_id in (part.get("id") for part in self._parts_there()):
            # It is ours, but nothing is remembered of it and a person made it unrecognizable.
            self._told.kept.append(f"{label} (something else has its id)")
            return None
        part = {"id": new_id, **copy.deepcopy(values)}
        if "source" in values:
            part["kind"] = "table"
        among.append(part)
        self._found[key] = part
        self._told.added.append(label)
        self._told.sent[key] = values
        return part

    def _update(self, key: str, label: str, part: Values, values: Values) -> None:
        before = self._memory.get(key, Remembered(""))
        ours = self._told.sent.setdefault(key, {})
        for what in [*values, *(what for what in before.sent if what not in values)]:
            theirs, wanted = part.get(what), values.get(what)
            shown = before.shown
            is_untouched = theirs == shown[what] if what in shown else not theirs
            is_same = theirs == wanted or (what == "formula" and same_formula(theirs, wanted))
            if not is_untouched and not is_same:
                self._told.kept.append(f"{label} ({what})")
                continue
            ours[what] = wanted
            if is_untouched and wanted not in (theirs, before.sent.get(what)):
                self._told.changed.append(f"{label} ({what})")
                if wanted is None:
                    del part[what]
                else:
                    part[what] = copy.deepcopy(wanted)

    def _without(self, key: str, label: str) -> None:
        """Note that what a part rests on is gone."""
        if key not in self._found:
            self._told.removed.append(label)

    def _page(self) -> list[Values]:
        pages = _list(self._told.spec, "pages")
        if not pages:
            pages.append({"id": "page", "name": "dbt", "elements": []})
        return _list(pages[0], "elements")

    def _parts_there(self) -> list[Values]:
        there: list[Values] = []
        for page in _list(self._told.spec, "pages"):
            for element in _list(page, "elements"):
                there.append(element)
                for what in ("columns", "metrics", "relationships"):
                    there.extend(element.get(what) or ())
        return there


def _list(holder: Values, name: str) -> list[Values]:
    """Take a list out of an object, making it if need be."""
    held: list[Values] = holder.setdefault(name, [])
    return held
