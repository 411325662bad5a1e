"""Whatever a file holds, it ends as rows or as unreadable with a reason, and nothing else happens.

`pytest tests/artifacts/test_fuzz.py --mutations 10000` damages as many files.
"""

from functools import cache
from pathlib import Path
from random import Random

import pytest

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import Artifact
from sigma_dbt_sync.demo.story import FOLDER, read_blob, read_story
from sigma_dbt_sync.normalize.definitions import current_rows, source_code_rows
from sigma_dbt_sync.normalize.node_status import Observations, fold
from sigma_dbt_sync.normalize.project import project_in_force
from sigma_dbt_sync.normalize.run_facts import run_facts
from sigma_dbt_sync.tables import ALL
from sigma_dbt_sync.tables.arrow import row_hashes, to_arrow
from tests import builders as build
from tests.artifacts.mutations import mutated

KINDS = ("manifest", "run_results", "catalog", "sources")
TABLE_OF = {table.row: table for table in ALL}
SESSIONS = "source.shop.web.sessions"
AT_ONCE = 100


@cache
def small() -> dict[str, bytes]:
    """Small artifacts with something of every kind in them."""
    described = [
        build.column("id", "Key.", tags=["pii"], meta={"x": 1}, constraints=[{"type": "unique"}]),
        build.column("Total", None, data_type="int", quote=True),
    ]
    hours = {"count": 12, "period": "hour"}
    config = {
        "materialized": "table",
        "persist_docs": {"relation": True, "columns": True},
        "contract": {"enforced": True},
        "meta": {"owner": {"name": "Ann", "email": "ann@shop.example"}},
        "group": "finance",
    }
    timing = build.timed("2026-03-01T12:03:00.123456789Z")
    response = {"rows_affected": 3, "bytes_processed": "17", "query_id": "q", "_message": "OK"}
    tested = "test.shop.unique_orders_id"
    return {
        "manifest": build.manifest(
            build.node(
                columns=described, config=config, tags=["a"], raw_code="select 1", version=2,
                compiled_code="select 2", reads=(build.CUSTOMERS, SESSIONS), description="Orders.",
            ),
            build.node(build.CUSTOMERS, config={"materialized": "ephemeral"}, raw_sql="x"),
            build.node("seed.shop.raw"),
            build.node("snapshot.shop.states", reads=("seed.shop.raw",)),
            build.node(SESSIONS, freshness={"warn_after": hours, "error_after": hours},
                       source_name="web", loader="x", columns=described),
            build.data_test(column_name="id", kwargs={"model": "{{ ref('orders') }}"}),
            build.data_test("relationships_x", on=None, reads=(build.CUSTOMERS, build.ORDERS),
                            kwargs={"model": "{{ get_where_subquery(ref('orders', v=2)) }}"}),
            build.node("test.shop.singular", reads=(build.ORDERS,),
                       config={"store_failures": True}),
            build.node("unit_test.shop.orders.u", reads=(build.ORDERS,)),
            build.node("exposure.shop.board", reads=(build.ORDERS,), owner={"name": "Ann"},
                       type="dashboard", url="https://x", label="Board", maturity="high"),
            build.node("metric.shop.total", reads=(build.ORDERS,), type="simple", label="Total",
                       type_params={"measure": {"name": "x"}}),
            build.node("semantic_model.shop.orders", reads=(build.ORDERS,), model="ref('orders')"),
            build.node("saved_query.shop.q", reads=("metric.shop.total",)),
            build.node("group.shop.finance", owner={"name": "F", "email": ["f@shop.example"]}),
        ),
        "run_results": build.run_results(
            build.result(timing=timing, adapter_response=response, execution_time=1.5,
                         thread_id="Thread-1", message="OK", relation_name='"a"."b"'),
            build.result(tested, "fail", failures=2, compiled_code="select 3", timing=[]),
            build.result(build.CUSTOMERS, "skipped", execution_time=0),
            build.result("unit_test.shop.orders.u", "error", message="it's 'x'", failures=None),
            elapsed_time=12.5,
        ),
        "catalog": build.catalog(
            build.found_table(columns={"ID": {"comment": "Key."}, "other": {"index": None}},
                              stats={"row_count": {"id": "row_count", "value": 5},
                                     "last_modified": {"value": "2026-03-01 11:00UTC"}}),
            build.found_table(SESSIONS, columns=("a", "A")),
        ),
        "sources": build.sources({
            "unique_id": SESSIONS, "status": "warn", "max_loaded_at": "2026-03-01T00:00:00Z",
            "snapshotted_at": "2026-03-01T12:00:00Z", "max_loaded_at_time_ago_in_s": 43200.0,
            "criteria": {"warn_after": hours, "error_after": hours, "filter": None},
            "execution_time": 0.2, "error": None,
        }),
    }  # fmt: skip


@cache
def real() -> dict[str, bytes]:
    """Artifacts of the demo's failing night."""
    (run,) = (one for one in read_story() if one.name == "tonight")
    return {
        Path(path).stem: read_blob(FOLDER, artifact.blob)
        for step in run.steps
        for path, artifact in step.artifacts.items()
        if Path(path).stem in KINDS
    }


def load(files: dict[str, bytes]) -> dict[str, tuple[str, str | None]]:
    """Take the files of one run as far as Arrow; tell what the ledger says of each."""
    artifacts = tuple(
        Artifact(step_index=1, kind=kind, state="found", sha256=kind) for kind in files
    )
    made = build.entry(artifacts=artifacts)
    facts = run_facts(made, "entry", files.__getitem__, lambda sha: Manifest(files[sha]))
    news = Observations(
        account_id=build.ACCOUNT,
        project_id=build.PROJECT,
        environment_id=build.ENVIRONMENT,
        executions=facts.executions,
        freshness=facts.freshness,
        compiled=facts.compiled,
        seen=dict.fromkeys(facts.known_nodes, build.NOON),
        variants={1: ""},
    )
    status = fold({}, news, lambda _: ())
    ledger = {row.artifact: (row.state, row.reason) for row in facts.artifacts}
    rows = [
        facts.run, *facts.steps, *facts.invocations.values(), *facts.executions, *facts.tests,
        *facts.freshness, *facts.artifacts, *facts.code.values(), *status.values(),
    ]  # fmt: skip
    if facts.manifest is not None:
        is_read = ledger["catalog"][0] == "found"
        project = project_in_force(
            [("", facts.manifest)],
            built_by=lambda _: None,
            account_id=build.ACCOUNT,
            project_id=build.PROJECT,
            environment_id=build.ENVIRONMENT,
            catalog=read_catalog(files["catalog"]).relations() if is_read else {},
        )
        rows += source_code_rows(project)
        rows += [row for found in current_rows(project, status).values() for row in found]
    for row_class in {type(row) for row in rows}:
        table = TABLE_OF[row_class]
        same = table.keyed(row for row in rows if type(row) is row_class)
        assert to_arrow(table, same, row_hashes(table, same), sync_id="x").num_rows == len(same)
    return ledger


def damage(whole: dict[str, bytes], seed: int) -> tuple[str, dict[str, bytes]]:
    """Damage one of a run's files, or serve another one in its place."""
    chance = Random(seed)
    kind = chance.choice(KINDS)
    if chance.random() < 0.03:
        return kind, whole | {kind: whole[chance.choice(KINDS)]}
    return kind, whole | {kind: mutated(whole[kind], chance)}


def batches(config) -> range:
    return range(config.getoption("mutations") // AT_ONCE)


def pytest_generate_tests(metafunc):
    if "batch" in metafunc.fixturenames:
        metafunc.parametrize("batch", batches(metafunc.config))


def test_what_is_damaged_here_is_whole_before():
    assert {state for state, _ in load(small()).values()} == {"found"}
    assert {state for state, _ in load(real()).values()} == {"found"}


def test_a_damaged_file_is_loaded_or_unreadable_and_the_others_are_loaded(batch):
    states = []
    for number in range(batch * AT_ONCE, (batch + 1) * AT_ONCE):
        kind, files = damage(real() if number % 20 == 0 else small(), number)
        try:
            ledger = load(files)
        except Exception as error:  # noqa: BLE001 - any other error is what is looked for
            pytest.fail(f"damage {number}, of {kind}: {type(error).__name__}: {error}")
        state, reason = ledger.pop(kind)
        states.append(state)
        assert state in ("found", "unreadable"), number
        assert reason or state == "found", number
        assert {others for others, _ in ledger.values()} == {"found"}, number

    assert {"found", "unreadable"} <= set(states)
