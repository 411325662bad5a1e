"""Graphs of any size, the smallest node and check: what a test does not name does not matter."""

from datetime import UTC, datetime, timedelta

from sigma_dbt_sync.sync.graph import TEST, Check, Environment, Graph, GraphColumn, Node
from sigma_dbt_sync.tables.node_status import NodeStatusRow

ENVIRONMENT = 700
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDERS = "model.shop.orders"


def node(unique_id: str = ORDERS, **fields) -> Node:
    kind, *_, name = unique_id.split(".")
    given = {"environment_id": ENVIRONMENT, "resource_type": kind, "name": name}
    return Node(unique_id=unique_id, **{**given, **fields})


def check(name: str = "unique_orders_id", of: str = ORDERS, **fields) -> Check:
    given = {
        "environment_id": ENVIRONMENT,
        "node_id": of,
        "unique_id": f"test.shop.{name}",
        "kind": TEST,
        "name": name,
    }
    return Check(**{**given, **fields})


def graph(*nodes: Node, checks=(), environment_id: int = ENVIRONMENT) -> Graph:
    environment = Environment(environment_id, "Production", 70, "shop", "snowflake")
    return Graph(7, (environment,), tuple(nodes), tuple(checks))


def chain(count: int, *, columns: int = 5, tests: int = 1, lines: int = 10) -> Graph:
    """Build a project of `count` models of so many lines, each reading the two before it."""
    ids = [f"model.shop.m{number}" for number in range(count)]
    width = tuple(GraphColumn(f"c{n}", "VARCHAR", "What it means.") for n in range(columns))
    nodes = [
        node(
            unique_id,
            description="A model of many.",
            materialized="table",
            relation=("ANALYTICS", "SHOP", f"M{at}"),
            columns=width,
            code="select 1 as one\n" * lines,
            parents=tuple(ids[max(0, at - 2) : at]),
            path=f"models/part_{at % 7}/{unique_id}.sql",
            tags=("daily",),
        )
        for at, unique_id in enumerate(ids)
    ]
    checks = [
        check(f"t{number}_{unique_id[11:]}", of=unique_id)
        for unique_id in ids
        for number in range(tests)
    ]
    return graph(*nodes, checks=checks)


def status(unique_id: str = ORDERS, **fields) -> NodeStatusRow:
    """Say how a node or test stands: attempted an hour ago in step 4 of run 1, and well."""
    kind = unique_id.split(".", maxsplit=1)[0]
    attempt = {
        "attempt_status": "pass" if kind == "test" else "success",
        "attempt_status_group": "ok",
        "attempted_at": NOW - timedelta(hours=1),
        "attempt_run_id": 1,
        "attempt_step_index": 4,
    }
    told = {**attempt, **fields}
    if told["attempt_status_group"] in {"ok", "warn"} and "ok_at" not in fields:
        told |= {"ok_at": told["attempted_at"], "ok_run_id": told["attempt_run_id"]}
    return NodeStatusRow(
        account_id=7,
        environment_id=ENVIRONMENT,
        unique_id=unique_id,
        project_id=70,
        node_key="key",
        resource_type=kind,
        **told,
    )
