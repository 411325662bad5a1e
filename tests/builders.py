"""The smallest valid inputs: what a test does not name does not matter to it.

Artifacts come as bytes, the form in which they arrive; nodes and results as the dicts inside.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import json

from sigma_dbt_sync.artifacts.catalog import read_catalog
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import Artifact, Run, RunEntry, Step
from sigma_dbt_sync.normalize.project import Project, project_in_force
from sigma_dbt_sync.normalize.run_context import RunContext, run_context
from sigma_dbt_sync.tables.results import NodeExecutionRow

ACCOUNT, PROJECT, ENVIRONMENT, JOB = 7, 70, 700, 7000
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDERS = "model.shop.orders"
CUSTOMERS = "model.shop.customers"

_SECTIONS = {
    "source": "sources",
    "exposure": "exposures",
    "metric": "metrics",
    "semantic_model": "semantic_models",
    "saved_query": "saved_queries",
    "unit_test": "unit_tests",
    "group": "groups",
    "function": "functions",
}
_BUILT = ("model", "seed", "snapshot", "source")


def minutes(count: float) -> datetime:
    """Say when, in minutes after noon."""
    return NOON + timedelta(minutes=count)


def column(name: str, description: str | None = "", **fields: Any) -> dict[str, Any]:
    """Describe a column of a node as YAML does."""
    return {"name": name, "description": description, **fields}


def node(unique_id: str = ORDERS, *, reads: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    """Build any node of a manifest; `columns` may be a list."""
    kind, package, *path = unique_id.split(".")
    name = path[-2] if kind == "model" and len(path) > 1 else path[-1]
    made = {
        "unique_id": unique_id,
        "resource_type": kind,
        "package_name": package,
        "name": name,
        "depends_on": {"nodes": list(reads)},
    }
    if kind in _BUILT:
        place = {"database": "shop", "schema": "analytics", "alias": name}
        made |= {**place, "relation_name": f'"shop"."analytics"."{name}"', "config": {}}
    made |= fields
    if isinstance(made.get("columns"), list):
        made["columns"] = {one["name"]: one for one in made["columns"]}
    return made


def data_test(
    name: str = "unique_orders_id",
    *,
    on: str | None = ORDERS,
    reads: tuple[str, ...] = (ORDERS,),
    kwargs: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Build a generic test; with `on=None` dbt did not say which node it is attached to."""
    metadata = {
        "name": name.split("_", maxsplit=1)[0],
        "namespace": None,
        "kwargs": dict(kwargs or {}),
    }
    made = {"attached_node": on, "test_metadata": metadata, "config": {"severity": "ERROR"}}
    return node(f"test.shop.{name}", reads=reads, **(made | fields))


def manifest(
    *nodes: dict[str, Any], version: int = 12, adapter: str = "duckdb", **fields: Any
) -> bytes:
    """Put nodes into the sections of a manifest.json."""
    metadata = {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/manifest/v{version}.json",
        "adapter_type": adapter,
        "invocation_id": "manifest-1",
        "generated_at": "2026-03-01T12:00:00Z",
    }
    made: dict[str, Any] = {"metadata": metadata, "nodes": {}}
    for one in nodes:
        section = _SECTIONS.get(one["unique_id"].split(".")[0], "nodes")
        made.setdefault(section, {})[one["unique_id"]] = one
    return json.encode(made | fields)


def result(unique_id: str = ORDERS, status: str = "success", **fields: Any) -> dict[str, Any]:
    """Build what run_results.json says of one node."""
    return {"unique_id": unique_id, "status": status, **fields}


def timed(completed_at: str) -> list[dict[str, str]]:
    """Build the timing of a node that was known at `completed_at`."""
    return [
        {"name": "compile", "started_at": completed_at, "completed_at": completed_at},
        {"name": "execute", "started_at": completed_at, "completed_at": completed_at},
    ]


def run_results(
    *results: dict[str, Any], which: str | None = "build", invocation: str = "inv-1", **fields: Any
) -> bytes:
    """Put results into a run_results.json."""
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
        "dbt_version": "1.12.6",
        "generated_at": "2026-03-01T12:10:00Z",
        "invocation_id": invocation,
        "invocation_started_at": "2026-03-01T12:01:00Z",
    }
    args = {} if which is None else {"which": which}
    return json.encode(
        {"metadata": metadata, "results": list(results), "args": args, "elapsed_time": 9.5} | fields
    )


def found_table(unique_id: str = ORDERS, columns: Any = (), **fields: Any) -> dict[str, Any]:
    """Build what catalog.json says of one relation; `columns` are names, or names with fields."""
    told = columns if isinstance(columns, Mapping) else {name: {} for name in columns}
    made = {
        name: {"name": name, "type": "TEXT", "index": index, "comment": None} | more
        for index, (name, more) in enumerate(told.items(), start=1)
    }
    metadata = {"type": "BASE TABLE", "database": "shop", "schema": "analytics"}
    metadata |= {"name": unique_id.rsplit(".", maxsplit=1)[-1], "comment": None, "owner": None}
    metadata |= fields.pop("metadata", {})
    return {"unique_id": unique_id, "metadata": metadata, "columns": made, "stats": {}, **fields}


def catalog(*tables: dict[str, Any], **fields: Any) -> bytes:
    """Put relations into a catalog.json."""
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json",
        "generated_at": "2026-03-01T12:20:00Z",
        "invocation_id": "docs-1",
    }
    made: dict[str, Any] = {"metadata": metadata, "nodes": {}, "sources": {}}
    for table in tables:
        section = "sources" if table["unique_id"].startswith("source.") else "nodes"
        made[section][table["unique_id"]] = table
    return json.encode(made | fields)


def sources(*results: dict[str, Any], invocation: str = "freshness-1", **fields: Any) -> bytes:
    """Put freshness results into a sources.json."""
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json",
        "generated_at": "2026-03-01T12:05:00Z",
        "invocation_id": invocation,
    }
    return json.encode(
        {"metadata": metadata, "results": list(results), "elapsed_time": 1.5} | fields
    )


def run(**fields: Any) -> Run:
    """Build a successful scheduled run that began at noon."""
    made = {
        "id": 1,
        "account_id": ACCOUNT,
        "project_id": PROJECT,
        "environment_id": ENVIRONMENT,
        "job_id": JOB,
        "status": 10,
        "created_at": minutes(-1),
        "started_at": NOON,
        "finished_at": minutes(30),
        "job_type": "scheduled",
        "git_branch": "main",
    }
    return Run(**(made | fields))


def entry(
    *,
    steps: tuple[Step, ...] = (),
    artifacts: tuple[Artifact, ...] = (),
    variant: str = "",
    is_final: bool = True,
    **fields: Any,
) -> RunEntry:
    """Build a run's archive entry; other fields are the run's."""
    return RunEntry(
        run=run(**fields), variant=variant, steps=steps, artifacts=artifacts, is_final=is_final
    )


def context(*, variant: str = "", **fields: Any) -> RunContext:
    """Build the context of a run with these fields."""
    return run_context(entry(variant=variant, **fields))


def project(
    *nodes: dict[str, Any], tables: tuple[dict[str, Any], ...] = (), adapter: str = "duckdb"
) -> Project:
    """Build an environment whose project has these nodes and whose warehouse has these tables."""
    return project_in_force(
        [("", Manifest(manifest(*nodes, adapter=adapter)))],
        built_by=lambda _: None,
        account_id=ACCOUNT,
        project_id=PROJECT,
        environment_id=ENVIRONMENT,
        catalog=read_catalog(catalog(*tables)).relations(),
    )


def execution(
    status: str = "success",
    at: float = 0,
    *,
    group: str | None = None,
    unique_id: str = ORDERS,
    run_id: int = 1,
    **fields: Any,
) -> NodeExecutionRow:
    """Build the row of one execution, known `at` so many minutes after noon."""
    groups = {"error": "bad", "fail": "bad", "warn": "warn", "skipped": "skipped"}
    made = dict.fromkeys(NodeExecutionRow.__struct_fields__) | {
        "account_id": ACCOUNT,
        "project_id": PROJECT,
        "environment_id": ENVIRONMENT,
        "job_id": JOB,
        "invocation_id": f"inv-{run_id}",
        "unique_id": unique_id,
        "node_key": unique_id,
        "run_id": run_id,
        "step_index": 4,
        "feeds_state": True,
        "resource_type": unique_id.split(".", maxsplit=1)[0],
        "status": status,
        "status_group": group or groups.get(status, "ok"),
        "completed_at": minutes(at),
    }
    return NodeExecutionRow(**(made | fields))
