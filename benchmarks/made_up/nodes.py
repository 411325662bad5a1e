"""Nodes of a made-up manifest, with every key that dbt 1.12 writes, needed or not."""

import hashlib
from typing import Any

from benchmarks.made_up.code import accepted_values, compiled_code, raw_code, test_code
from benchmarks.made_up.project import DATABASE, NAME, DataTest, Project, Relation
from benchmarks.made_up.text import TYPES, dice, prose

_SHOWN = {"show": True, "node_color": None}


def relation_node(relation: Relation, project: Project) -> dict[str, Any]:
    """Describe a model, seed or snapshot."""
    chance = dice("node", relation.unique_id)
    tags: list[str] = chance.sample(("nightly", "hourly", "finance", "pii"), chance.randrange(3))
    persist = {"relation": True, "columns": True} if chance.random() < 0.7 else {}  # noqa: PLR2004
    path = f"{'/'.join(relation.folder)}/{relation.name}.sql"
    raw = raw_code(relation)
    node = _base(relation.kind, relation.name, relation.unique_id, path, relation.schema, raw)
    node |= {
        "fqn": [NAME, *relation.folder, relation.name],
        "config": _config(relation, tags, persist),
        "tags": tags,
        "description": prose(dice("docs", relation.code_seed), chance.choice((0, 60, 120, 250))),
        "columns": _columns(relation),
        "relation_name": relation.relation_name,
        "patch_path": f"{NAME}://models/{'/'.join(relation.folder)}/_schema.yml",
        "unrendered_config": {"materialized": relation.materialized, "tags": tags},
        "created_at": project.begin.timestamp() + chance.random(),
    }
    if relation.kind == "seed":
        return node | {"root_path": "/usr/src/app", "depends_on": {"macros": []}}
    node |= _compiled_part(compiled_code(relation), path, list(relation.parents))
    if relation.kind == "snapshot":
        return node
    return node | {
        "access": "protected",
        "constraints": [],
        "version": None,
        "latest_version": None,
        "deprecation_date": None,
        "primary_key": [relation.columns[0]],
        "time_spine": None,
    }


def source_node(source: Relation, project: Project) -> dict[str, Any]:
    """Describe a source."""
    chance = dice("node", source.unique_id)
    fresh = {
        "warn_after": {"count": 12, "period": "hour"},
        "error_after": {"count": 24, "period": "hour"},
        "filter": None,
    }
    path = f"models/staging/{source.folder[-1]}/_src.yml"
    node = _base("source", source.name, source.unique_id, path, source.schema, "")
    for absent in ("group", "raw_code", "checksum", "alias", "build_path", "docs"):
        del node[absent]
    loading = {"loaded_at_field": "_fivetran_synced", "loaded_at_query": None, "freshness": fresh}
    return node | {
        "fqn": [NAME, *source.folder, source.name],
        "source_name": source.folder[-1],
        "source_description": prose(chance, 60),
        "loader": "fivetran",
        "identifier": source.name,
        "quoting": {"database": None, "schema": None, "identifier": None, "column": None},
        "external": None,
        "description": prose(chance, 90),
        "columns": _columns(source),
        "source_meta": {},
        "config": {"enabled": True, "event_time": None, "meta": {}, "tags": [], **loading},
        "unrendered_config": loading,
        "relation_name": source.relation_name,
        "created_at": project.begin.timestamp() + chance.random(),
        "unrendered_database": "{{ var('raw_database', target.database) }}",
        "unrendered_schema": f"{{{{ var('{source.folder[-1]}_schema') }}}}",
        **loading,
    }


def test_node(test: DataTest, project: Project) -> dict[str, Any]:
    """Describe a data test."""
    generic = test.kind is not None
    code = test_code(test)
    raw = f"{{{{ test_{test.kind}(**_dbt_generic_test_kwargs) }}}}" if generic else code
    path = f"{test.name}.sql" if generic else f"tests/{test.name}.sql"
    node = _base("test", test.name, test.unique_id, path, "dbt_test__audit", raw)
    node |= {
        "config": _test_config(test),
        "relation_name": None,
        "created_at": project.begin.timestamp() + dice("at", test.unique_id).random(),
        **_compiled_part(code, f"_schema.yml/{path}", [test.target]),
    }
    if not generic:
        return node
    on_source = test.target.kind == "source"
    metadata = {"name": test.kind, "kwargs": _kwargs(test), "namespace": None}
    return node | {
        "column_name": test.column,
        "file_key_name": f"models.{test.target.name}",
        "attached_node": None if on_source else test.target.unique_id,
        "test_metadata": metadata,
    }


def _kwargs(test: DataTest) -> dict[str, Any]:
    model = f"{{{{ get_where_subquery({test.target.reference}) }}}}"
    kwargs: dict[str, Any] = {"column_name": test.column, "model": model}
    if test.kind == "accepted_values":
        kwargs["values"] = accepted_values(test)
    elif test.kind == "relationships":
        kwargs |= {"to": test.other.reference, "field": test.other.columns[0]}
    return kwargs


def _base(kind: str, name: str, unique_id: str, path: str, schema: str, raw: str) -> dict[str, Any]:
    return {
        "database": DATABASE,
        "schema": schema,
        "name": name,
        "resource_type": kind,
        "package_name": NAME,
        "path": path,
        "original_file_path": f"models/{path}" if kind == "model" else path,
        "unique_id": unique_id,
        "fqn": [NAME, "tests", name],
        "alias": name,
        "checksum": {"name": "sha256", "checksum": hashlib.sha256(raw.encode()).hexdigest()},
        "config": {},
        "tags": [],
        "description": "",
        "columns": {},
        "meta": {},
        "group": None,
        "docs": _SHOWN,
        "patch_path": None,
        "build_path": None,
        "unrendered_config": {},
        "created_at": 0.0,
        "relation_name": None,
        "raw_code": raw,
        "doc_blocks": [],
    }


def _compiled_part(code: str, path: str, reads: list[Relation]) -> dict[str, Any]:
    refs = [read.name for read in reads if read.kind != "source"]
    return {
        "language": "sql",
        "refs": [{"name": name, "package": None, "version": None} for name in refs],
        "sources": [[read.folder[-1], read.name] for read in reads if read.kind == "source"],
        "metrics": [],
        "functions": [],
        "depends_on": {
            "macros": ["macro.dbt.is_incremental"],
            "nodes": [read.unique_id for read in reads],
        },
        "compiled_path": f"target/compiled/{NAME}/models/{path}",
        "compiled": True,
        "compiled_code": code,
        "extra_ctes_injected": True,
        "extra_ctes": [],
        "contract": {"enforced": False, "alias_types": True, "checksum": None},
    }


def _columns(relation: Relation) -> dict[str, Any]:
    chance = dice("column docs", relation.unique_id, relation.code_seed)
    return {
        name: {
            "name": name,
            "description": prose(chance, chance.choice((0, 30, 60, 90, 160))),
            "meta": {},
            "data_type": chance.choice(TYPES) if chance.random() < 0.3 else None,  # noqa: PLR2004
            "constraints": [],
            "quote": None,
            "config": {"meta": {}, "tags": []},
            "tags": [],
            "granularity": None,
            "dimension": None,
            "entity": None,
            "doc_blocks": [],
        }
        for name in relation.columns
    }


_UNSET = (
    *("alias", "database", "group", "static_analysis", "incremental_strategy", "batch_size"),
    *("begin", "full_refresh", "unique_key", "event_time", "concurrent_batches"),
)


def _config(relation: Relation, tags: list[str], persist: dict[str, bool]) -> dict[str, Any]:
    return {
        "enabled": True,
        **dict.fromkeys(_UNSET),
        "schema": relation.schema,
        "tags": tags,
        "meta": {},
        "materialized": relation.materialized,
        "lookback": 1,
        "persist_docs": persist,
        "post-hook": [],
        "pre-hook": [],
        "quoting": {},
        "column_types": {},
        "on_schema_change": "ignore",
        "on_configuration_change": "apply",
        "grants": {},
        "packages": [],
        "docs": _SHOWN,
        "contract": {"enforced": False, "alias_types": True},
        **({"access": "protected", "freshness": None} if relation.kind == "model" else {}),
    }


def _test_config(test: DataTest) -> dict[str, Any]:
    unset = ("alias", "database", "group", "static_analysis", "store_failures", "where", "limit")
    return {
        "enabled": True,
        **dict.fromkeys((*unset, "store_failures_as", "sql_header")),
        "schema": "dbt_test__audit",
        "tags": [],
        "meta": {},
        "materialized": "test",
        "severity": test.severity,
        "fail_calc": "count(*)",
        "warn_if": "!= 0",
        "error_if": "!= 0",
    }
