"""Whatever a project looks like: unique keys, the same rows again, and no trace of an order."""

from datetime import timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import Artifact
from sigma_dbt_sync.normalize.columns import column_rows
from sigma_dbt_sync.normalize.definitions import current_rows
from sigma_dbt_sync.normalize.node_status import Observations, fold
from sigma_dbt_sync.normalize.project import project_in_force
from sigma_dbt_sync.normalize.relations import relation_rows
from sigma_dbt_sync.normalize.run_facts import run_facts
from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.arrow import row_hashes, to_arrow
from sigma_dbt_sync.tables.columns import DBT_COLUMNS
from tests.builders import (
    ACCOUNT,
    ENVIRONMENT,
    NOON,
    PROJECT,
    column,
    data_test,
    entry,
    manifest,
    node,
    result,
    run_results,
    timed,
)

TABLE_OF = {table.row: table for table in ALL}
RELATIONS = ("model.shop.a", "model.shop.b.v2", "seed.shop.c", "snapshot.shop.d", "source.shop.e.f")
TESTS = ("unique_a", "not_null_b", "relationships_c")
OTHERS = ("exposure.shop.g", "metric.shop.h", "unit_test.shop.a.i", "analysis.shop.j")
STATUSES = ("success", "pass", "error", "fail", "warn", "skipped", "No-Op", "half done", "")

texts = st.none() | st.text(max_size=8)
names = st.sampled_from(["id", "ID", "Id", '"id"', "total", "straße", "STRASSE", ""])
parents = st.lists(st.sampled_from([*RELATIONS, *OTHERS, "model.shop.gone"]), max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
columns = st.lists(
    st.builds(
        column,
        names,
        texts,
        quote=st.none() | st.booleans(),
        tags=st.lists(st.text(max_size=3), max_size=2),
        meta=json_values,
    ),
    max_size=4,
)
configs = st.fixed_dictionaries(
    {},
    optional={
        "materialized": st.sampled_from(["table", "view", "ephemeral", None]),
        "persist_docs": st.sampled_from([None, {}, {"relation": True, "columns": False}]),
        "meta": json_values,
        "group": texts,
        "severity": st.sampled_from([None, "warn", "ERROR"]),
        "store_failures": st.none() | st.booleans(),
    },
)
shared_fields = {
    "description": texts,
    "tags": st.lists(st.text(max_size=4), max_size=3),
    "meta": json_values,
    "config": configs,
}
relation_fields = st.fixed_dictionaries(
    {},
    optional={
        **shared_fields,
        "columns": columns,
        "relation_name": st.sampled_from([None, "a.b.c", '"A"."b"', "`p-1`.d.t", "[x].[y]", "x"]),
        "version": st.none() | st.integers() | st.floats() | st.text(max_size=3),
        "compiled_code": texts,
        "raw_code": texts,
        "schema": texts,
        "database": texts,
    },
)
test_fields = st.fixed_dictionaries(
    {},
    optional={
        **shared_fields,
        "column_name": st.none() | names,
        "on": st.none() | st.sampled_from(RELATIONS),
        "kwargs": st.dictionaries(st.sampled_from(["model", "column_name"]), json_values),
        "test_metadata": st.none(),
    },
)


@st.composite
def manifests(draw):
    """A manifest with any of a few nodes, each with any fields."""
    found = [
        node(uid, reads=tuple(draw(parents)), **draw(relation_fields))
        for uid in draw(st.sets(st.sampled_from(RELATIONS)))
    ]
    found += [
        data_test(name, reads=tuple(draw(parents)), **draw(test_fields))
        for name in draw(st.sets(st.sampled_from(TESTS)))
    ]
    found += [
        node(uid, reads=tuple(draw(parents)), description=draw(texts))
        for uid in draw(st.sets(st.sampled_from(OTHERS)))
    ]
    adapter = draw(st.sampled_from(["duckdb", "snowflake", "databricks", "of_tomorrow"]))
    return manifest(*found, adapter=adapter)


@st.composite
def runs(draw, run_id):
    """A run with a manifest and the results of one command."""
    told = [
        result(
            uid,
            draw(st.sampled_from(STATUSES)),
            timing=draw(st.sampled_from([[], timed("2026-03-01T12:03:00Z")])),
            message=draw(texts),
            compiled_code=draw(texts),
            failures=draw(st.none() | st.integers()),
        )
        for uid in draw(st.sets(st.sampled_from([*RELATIONS[:3], "test.shop.unique_a"])))
    ]
    which = draw(st.sampled_from(["build", "run", "generate", None]))
    return {
        "run_id": run_id,
        "manifest": draw(manifests()),
        "run_results": run_results(*told, which=which, invocation=f"inv-{run_id}"),
        "started_at": NOON + timedelta(minutes=draw(st.integers(0, 3))),
        "status": draw(st.sampled_from([10, 20, 30])),
    }


batches = st.integers(1, 3).flatmap(
    lambda count: st.tuples(*(runs(run_id) for run_id in range(1, count + 1)))
)


def read(made):
    artifacts = tuple(
        Artifact(step_index=1, kind=kind, state="found", sha256=kind)
        for kind in ("manifest", "run_results")
    )
    run = entry(
        artifacts=artifacts,
        id=made["run_id"],
        started_at=made["started_at"],
        status=made["status"],
    )
    return run_facts(run, "entry", made.__getitem__, lambda sha: Manifest(made[sha]))


def project(*found):
    return project_in_force(
        [("", Manifest(data)) for data in found],
        built_by=lambda _: None,
        account_id=ACCOUNT,
        project_id=PROJECT,
        environment_id=ENVIRONMENT,
        catalog={},
    )


def folded(facts, before=None):
    """Fold runs into node status, over what earlier loads of them left."""
    seen = {}
    for one in facts:
        for uid in one.known_nodes:
            seen[uid] = min(one.context.started_at, seen.get(uid, one.context.started_at))
    executions = [row for one in facts for row in one.executions]
    news = Observations(
        account_id=ACCOUNT,
        project_id=PROJECT,
        environment_id=ENVIRONMENT,
        executions=executions,
        freshness=[],
        compiled=[row for one in facts for row in one.compiled],
        seen=seen,
        variants={one.context.run_id: "" for one in facts},
    )
    return {**(before or {}), **fold(before or {}, news, lambda _: ())}


def loaded(batch, before=None):
    """All rows of a batch by table, as a load would make them; and the status of the nodes."""
    facts = [read(made) for made in batch]
    status = folded(facts, before)
    newest = max(batch, key=lambda made: (made["started_at"], made["run_id"]))
    rows = {
        table.name: found
        for table, found in current_rows(project(newest["manifest"]), status).items()
    }
    for one in facts:
        for row in (
            one.run,
            *one.invocations.values(),
            *one.executions,
            *one.tests,
            *one.artifacts,
        ):
            rows.setdefault(TABLE_OF[type(row)].name, []).append(row)
    rows["dbt_node_status"] = list(status.values())
    return {name: sorted(found, key=repr) for name, found in rows.items()}, status


@settings(max_examples=150, deadline=None)
@given(manifests())
def test_any_project_becomes_rows_with_unique_keys(data):
    made = project(data)
    for table, rows in current_rows(made, {}).items():
        keys = [tuple(getattr(row, name) for name in table.key) for row in rows]

        assert len(keys) == len(set(keys)), table.name
        assert to_arrow(table, rows, row_hashes(table, rows), sync_id="x").num_rows == len(rows)


@settings(max_examples=150, deadline=None)
@given(manifests())
def test_no_relation_and_no_column_is_lost_to_another(data):
    made = project(data)
    columns = list(column_rows(made))

    assert len(DBT_COLUMNS.keyed(columns)) == len(columns)
    assert len(relation_rows(made, {}, downstream={})) == len(list(made.relations()))


@settings(max_examples=60, deadline=None)
@given(batches)
def test_loading_a_batch_again_gives_the_same_rows(batch):
    once, status = loaded(batch)
    again, _ = loaded(batch, status)

    assert again == once


@settings(max_examples=60, deadline=None)
@given(batches)
def test_the_order_of_runs_inside_a_batch_does_not_matter(batch):
    first, *others = (loaded(order)[0] for order in permutations(batch))

    assert all(other == first for other in others)
