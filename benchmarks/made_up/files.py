"""Writes manifest.json, run_results.json and catalog.json of a made-up project, node by node."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from benchmarks.made_up import nodes
from benchmarks.made_up.code import compiled_code, test_code
from benchmarks.made_up.project import DATABASE, NAME, SIZES, DataTest, Project, Relation
from benchmarks.made_up.text import TYPES, WORDS, dice, prose, sql

REVISIONS = {"first": (0, 0.0), "unchanged": (1, 0.0), "changed": (2, 0.01)}
"""Each revision's number, and the share of its models that differs from the first."""

_ADAPTER_MESSAGE = {"_message": "SUCCESS 1", "code": "SUCCESS"}


def folder_of(root: Path, size: str, revision: str) -> Path:
    """Name the folder of one revision's artifacts."""
    return root / size / revision


def write(folder: Path, size: str, revision: str) -> None:
    """Write the three artifacts, unless they are there."""
    done = folder / "done"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    number, share = REVISIONS[revision]
    project = Project(SIZES[size], revision=number, changed_share=share)
    for name, writer in (
        ("manifest", _write_manifest),
        ("run_results", _write_run_results),
        ("catalog", _write_catalog),
    ):
        with (folder / f"{name}.json").open("w", encoding="utf-8") as out:
            writer(out, project)
    done.touch()


def _write_manifest(out: TextIO, project: Project) -> None:
    head = _metadata("manifest", 12, project)
    head |= {"project_name": NAME, "adapter_type": "snowflake", "user_id": None}
    out.write('{"metadata": ' + json.dumps(head))
    relations = ((r.unique_id, nodes.relation_node(r, project)) for r in project.built())
    _write_section(out, "nodes", relations, end="")
    tests = ((test.unique_id, nodes.test_node(test, project)) for test in project.tests)
    _write_items(out, tests, begin=", ")
    out.write("}")
    sources = ((s.unique_id, nodes.source_node(s, project)) for s in project.sources)
    _write_section(out, "sources", sources)
    _write_section(out, "macros", (_macro(i, project) for i in range(project.size.macros)))
    parents = _parents(project)
    children: dict[str, list[str]] = {unique_id: [] for unique_id in parents}
    for child, of_child in parents.items():
        for parent in of_child:
            children[parent].append(child)
    empty = ("docs", "exposures", "metrics", "groups", "selectors", "disabled", "group_map")
    empty = (*empty, "saved_queries", "semantic_models", "unit_tests", "functions")
    rest = {"parent_map": parents, "child_map": children, **{name: {} for name in empty}}
    out.write(", " + json.dumps(rest)[1:])


def _write_run_results(out: TextIO, project: Project) -> None:
    out.write('{"metadata": ' + json.dumps(_metadata("run-results", 6, project)))
    out.write(', "results": [')
    begin = ""
    moment = project.begin
    for node in (*project.built(), *project.tests):
        if isinstance(node, Relation) and node.materialized == "ephemeral":
            continue
        chance = dice("result", project.invocation_id, node.unique_id)
        seconds = chance.expovariate(1 / 3.0)
        out.write(begin + json.dumps(_result(node, moment, seconds)))
        begin = ", "
        moment += timedelta(seconds=seconds / 16)
    args = {"which": "build", "select": [], "exclude": [], "target": "prod", "threads": 16}
    out.write(f'], "elapsed_time": 1234.5, "args": {json.dumps(args)}}}')


def _result(node: Relation | DataTest, begin: datetime, seconds: float) -> dict[str, Any]:
    middle, end = begin + timedelta(seconds=seconds / 20), begin + timedelta(seconds=seconds)
    chance = dice("result", begin, node.unique_id)
    is_bad = chance.random() < 0.005  # noqa: PLR2004 - a share seen in real runs
    if isinstance(node, DataTest):
        status = ("warn" if node.severity == "WARN" else "fail") if is_bad else "pass"
        code, relation, failures = test_code(node), None, 12 if is_bad else 0
    else:
        status, failures = "error" if is_bad else "success", None
        code = compiled_code(node) if node.kind in ("model", "snapshot") else None
        relation = node.relation_name
    query = str(UUID(int=chance.getrandbits(128)))
    return {
        "status": status,
        "timing": [
            {"name": "compile", "started_at": _iso(begin), "completed_at": _iso(middle)},
            {"name": "execute", "started_at": _iso(middle), "completed_at": _iso(end)},
        ],
        "thread_id": f"Thread-{chance.randrange(1, 17)} (worker)",
        "execution_time": seconds,
        "adapter_response": {**_ADAPTER_MESSAGE, "rows_affected": 1, "query_id": query},
        "message": "Database Error in model\n  000904 (42000)" if is_bad else "SUCCESS 1",
        "failures": failures,
        "unique_id": node.unique_id,
        "compiled": True,
        "compiled_code": code,
        "relation_name": relation,
        "batch_results": None,
    }


def _write_catalog(out: TextIO, project: Project) -> None:
    out.write('{"metadata": ' + json.dumps(_metadata("catalog", 1, project)))
    built = (r for r in project.built() if r.materialized != "ephemeral")
    _write_section(out, "nodes", ((r.unique_id, _catalog_table(r)) for r in built))
    _write_section(out, "sources", ((s.unique_id, _catalog_table(s)) for s in project.sources))
    out.write(', "errors": null}')


def _catalog_table(relation: Relation) -> dict[str, Any]:
    chance = dice("catalog", relation.unique_id)
    rows = {"id": "row_count", "label": "Row Count", "value": float(chance.randrange(10**7))}
    size = {"id": "bytes", "label": "Approximate Size", "value": float(chance.randrange(10**9))}
    columns = {
        name.upper(): {
            "type": chance.choice(TYPES),
            "index": index,
            "name": name.upper(),
            "comment": prose(chance, chance.choice((0, 50, 80))) or None,
        }
        for index, name in enumerate(relation.columns, start=1)
    }
    said = {"include": True, "description": "As the warehouse's information schema reports it"}
    return {
        "metadata": {
            "type": "VIEW" if relation.materialized == "view" else "BASE TABLE",
            "schema": relation.schema,
            "name": relation.name.upper(),
            "database": DATABASE,
            "comment": prose(chance, 60),
            "owner": "TRANSFORMER",
        },
        "columns": columns,
        "stats": {"row_count": rows | said, "bytes": size | said},
        "unique_id": relation.unique_id,
    }


def _macro(i: int, project: Project) -> tuple[str, dict[str, Any]]:
    chance = dice("macro", i)
    name = f"macro_{chance.choice(WORDS)}_{i}"
    body = sql(chance, int(chance.lognormvariate(0, 0.9) * 300), ["{{ relation }}"], WORDS)
    return f"macro.dbt.{name}", {
        "name": name,
        "resource_type": "macro",
        "package_name": "dbt",
        "path": f"macros/{name}.sql",
        "original_file_path": f"macros/{name}.sql",
        "unique_id": f"macro.dbt.{name}",
        "macro_sql": f"{{% macro {name}(relation) -%}}\n{body}{{% endmacro %}}",
        "depends_on": {"macros": []},
        "description": "",
        "meta": {},
        "docs": {"show": True, "node_color": None},
        "patch_path": None,
        "arguments": [],
        "created_at": project.begin.timestamp(),
        "supported_languages": None,
    }


def _parents(project: Project) -> dict[str, list[str]]:
    parents = {source.unique_id: list[str]() for source in project.sources}
    parents |= {r.unique_id: [p.unique_id for p in r.parents] for r in project.built()}
    return parents | {test.unique_id: [test.target.unique_id] for test in project.tests}


def _metadata(kind: str, version: int, project: Project) -> dict[str, Any]:
    return {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{kind}/v{version}.json",
        "dbt_version": "1.12.2",
        "generated_at": _iso(project.begin + timedelta(minutes=20)),
        "invocation_id": project.invocation_id,
        "invocation_started_at": project.begin.isoformat(),
        "env": {},
    }


def _write_section(
    out: TextIO, name: str, items: Iterable[tuple[str, Any]], *, end: str = "}"
) -> None:
    out.write(f', "{name}": {{')
    _write_items(out, items)
    out.write(end)


def _write_items(out: TextIO, items: Iterable[tuple[str, Any]], *, begin: str = "") -> None:
    for unique_id, item in items:
        out.write(f"{begin}{json.dumps(unique_id)}: {json.dumps(item)}")
        begin = ", "


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
