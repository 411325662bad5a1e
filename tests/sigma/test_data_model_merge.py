"""Whatever people do to a model: an update undoes none of it, and after an update there is none."""

import copy

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigma_dbt_sync.sigma.data_model_merge import merge, remember
from sigma_dbt_sync.sigma.data_model_spec import empty_spec, wanted_elements
from sigma_dbt_sync.warehouse.views import load_views

KINDS = ("columns", "metrics", "relationships")


def wanted(*, version=1):
    """Describe what a version publishes: the second has two more columns and other words."""
    views = load_views()
    for view in views:
        if version == 1:
            view.columns.pop("health_detail", None)
            view.columns.pop("is_late", None)
        else:
            view.columns["health"] = "Newer words."
    options = {"connection_id": "c", "schema": ("DB", "S"), "friendly_names": True}
    return wanted_elements(views, **options)


FIRST, SECOND = wanted(version=1), wanted(version=2)


def published(present, elements, memory):
    """Publish to a Sigma that keeps every id."""
    merged = merge(present, elements, memory)
    return merged, remember(merged.spec, elements, memory, merged.sent)


START, MEMORY = published(empty_spec("m", "f"), FIRST, {})
PLACES = [
    (number, kind, place)
    for number, element in enumerate(START.spec["pages"][0]["elements"])
    for kind in KINDS
    for place in range(len(element.get(kind, ())))
]
edits = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(["rename", "describe", "remove", "add"])),
    max_size=12,
    unique_by=lambda edit: edit[0],
)


def edited(spec, made):
    """Do what people did; return the model, and what of it must stay as it is."""
    spec = copy.deepcopy(spec)
    elements = spec["pages"][0]["elements"]
    before = copy.deepcopy(elements)
    theirs, gone = {}, set()
    for (number, kind, place), what in made:
        part_id = before[number][kind][place]["id"]
        if what == "remove":
            elements[number][kind] = [one for one in elements[number][kind] if one["id"] != part_id]
            gone.add(part_id)
        elif what == "add":
            added = {"id": f"their-{part_id}", "name": f"Their {part_id}", "formula": "1 + 1"}
            elements[number][kind].append(added)
            theirs[added["id"]] = dict(added)
        else:
            (part,) = [one for one in elements[number][kind] if one["id"] == part_id]
            field = "name" if what == "rename" else "description"
            if kind == "columns" and what == "rename":  # Sigma lets formulas follow
                for metric in elements[number].get("metrics", ()):
                    named = (f"[{part['name']}]", f"[Their {part_id}]")
                    metric["formula"] = metric["formula"].replace(*named)
            part[field] = f"Their {part_id}"
            theirs[part_id] = {field: part[field]}
    return spec, theirs, gone


def place_of(part_id):
    """Find a part's place in the model as it was published first."""
    elements = START.spec["pages"][0]["elements"]
    ids = {
        elements[number][kind][place]["id"]: (number, kind, place) for number, kind, place in PLACES
    }
    return ids[part_id]


def parts(spec):
    """Give what elements hold, by id."""
    listed = [
        part
        for element in spec["pages"][0]["elements"]
        for kind in KINDS
        for part in element.get(kind, ())
    ]
    found = {part["id"]: part for part in listed}
    assert len(found) == len(listed), "an id is there twice"
    return found


@settings(deadline=None, max_examples=60)
@given(edits)
def test_an_update_undoes_nothing_and_the_next_one_has_nothing_to_do(made):
    spec, theirs, gone = edited(START.spec, made)
    merged, memory = published(spec, SECOND, MEMORY)
    again = merge(merged.spec, SECOND, memory)
    after = parts(merged.spec)

    assert merged.is_news
    assert not again.is_news
    assert gone.isdisjoint(after)
    for part_id, values in theirs.items():
        assert values.items() <= after[part_id].items()


@settings(deadline=None, max_examples=40)
@given(edits)
def test_without_news_of_ours_a_model_is_never_written(made):
    spec, _, _ = edited(START.spec, made)

    assert not merge(spec, FIRST, MEMORY).is_news


@settings(deadline=None, max_examples=40)
@given(edits)
@example(
    [
        (place_of("dbt_tab_tests-column_key"), "remove"),
        (place_of("dbt_tab_tests-to-dbt_tab_columns"), "rename"),
    ]
)
def test_whoever_remembers_nothing_settles_after_one_update(made):
    spec, theirs, _ = edited(START.spec, made)
    merged, memory = published(spec, SECOND, {})
    after = parts(merged.spec)

    assert not merge(merged.spec, SECOND, memory).is_news
    for part_id, values in theirs.items():
        assert values.items() <= after[part_id].items()
