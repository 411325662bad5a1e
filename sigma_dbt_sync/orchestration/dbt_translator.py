"""dbt nodes in the terms of dagster-dbt, so that its conventions hold here too.

A project that steers dagster-dbt by `meta: {dagster: {asset_key, group, owners}}` is understood,
and metadata has the names it has there. Only the translator of dagster-dbt is used: a function of a
node's properties, it asks nobody. Everything else of it wants dbt or a token that may write.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from sigma_dbt_sync.orchestration import dbt_names
from sigma_dbt_sync.orchestration.dbt_names import NodeId, node_id
from sigma_dbt_sync.sync.graph import Environment, Graph, Node

EXPOSURES = "exposures"

_TRANSLATOR = DagsterDbtTranslator()
_SIGMA = "sigmacomputing.com"


def key_path(node: Node) -> list[str]:
    """Name a node as dagster-dbt does; it knows no exposures."""
    if node.resource_type == "exposure":
        return [EXPOSURES, node.name]
    try:
        return list(_TRANSLATOR.get_asset_key(_props(node)).path)
    except dbt_names.REFUSED:  # whatever the project's meta may say
        return list(_TRANSLATOR.get_asset_key({**_props(node), "meta": {}, "config": {}}).path)


def asset_keys(graph: Graph) -> dict[NodeId, dg.AssetKey]:
    """Name all nodes of a graph."""
    return dbt_names.asset_keys(graph, key_path)


def spec_of(
    node: Node, environment: Environment, keys: Mapping[NodeId, dg.AssetKey]
) -> dg.AssetSpec:
    """Describe a node as an external asset."""
    props = _props(node)
    is_sigma = _SIGMA in (node.url or "")
    return dg.AssetSpec(
        key=keys[node_id(node)],
        deps=[
            keys[node.environment_id, parent]
            for parent in node.parents
            if (node.environment_id, parent) in keys
        ],
        description=_description(node),
        group_name=dbt_names.group_name(
            dbt_names.ROOT, environment.project_name, environment.name, _part(node, props)
        ),
        owners=_owners(node, props),
        tags=dbt_names.tags(node.tags),
        kinds=dbt_names.kinds(
            "dbt",
            "sigma" if is_sigma else node.resource_type,
            node.materialized if node.resource_type == "model" else None,
            environment.adapter,
        ),
        metadata=_metadata(node, environment),
    )


def environment_key(environment: Environment) -> dg.AssetKey:
    """Name an environment as the folder that its nodes lie in."""
    return dg.AssetKey([dbt_names.ROOT, str(environment.environment_id)])


def environment_spec(environment: Environment, built: Iterable[dg.AssetKey]) -> dg.AssetSpec:
    """Describe an environment, whose jobs build nodes and leave artifacts for the archive.

    `built`: the last of its nodes; all others lie upstream of those.
    """
    return dg.AssetSpec(
        environment_key(environment),
        deps=sorted(built),
        description=f"dbt Cloud's environment {environment.name}: what its runs leave as artifacts "
        "is fetched from here.",
        group_name=dbt_names.group_name(dbt_names.ROOT, environment.project_name, environment.name),
        kinds=dbt_names.kinds("dbt"),
        metadata={"url": dg.MetadataValue.url(environment.url)} if environment.url else None,
    )


def _props(node: Node) -> dict[str, Any]:
    """Give a node the shape it has in dbt's manifest."""
    config = {"materialized": node.materialized, "meta": {"dagster": node.meta}}
    return {
        "resource_type": node.resource_type,
        "unique_id": node.unique_id,
        "name": node.name,
        "alias": f"{node.name}_v{node.version}" if node.version else node.relation[2],
        "version": node.version,
        "source_name": node.source_name,
        "config": {**config, "group": node.group} if node.group else config,
        "meta": {"dagster": node.meta},
        "tags": list(node.tags),
        "group": {"owner": {"email": node.owner_email}} if node.owner_email else None,
    }


def _metadata(node: Node, environment: Environment) -> dict[str, Any]:
    """Fill the keys that dagster-dbt fills; its own sets cost half of the time to load."""
    found: dict[str, Any] = {"dagster_dbt/unique_id": node.unique_id}
    if node.columns:
        found["dagster/column_schema"] = dg.TableSchema(
            [
                dg.TableColumn(column.name, column.type or "?", column.description or None)
                for column in node.columns
            ]
        )
    if node.materialized and node.resource_type != "exposure":
        found["dagster-dbt/materialization_type"] = node.materialized
    if all(node.relation):
        found["dagster/table_name"] = ".".join(part or "" for part in node.relation)
    if environment.adapter:
        found["dagster/storage_kind"] = environment.adapter
    if environment.url:
        found["dbt_environment"] = dg.MetadataValue.url(environment.url)
    if node.url:
        found["url"] = dg.MetadataValue.url(node.url)
    if node.path:
        found["file"] = node.path
    if node.columns_left_out:
        found["columns_left_out"] = str(node.columns_left_out)
    return found


def _description(node: Node) -> str:
    title = f"{node.label}. " if node.label else ""
    parts = [f"{title}{node.description}".strip() or f"dbt {node.resource_type} {node.name}"]
    if node.code:
        fence = "````" if "```" in node.code else "```"
        cut = "\n\nThe text goes on; `dbt_tab_sql` has all of it." if node.is_code_cut else ""
        parts.append(f"#### Source\n\n{fence}{node.language}\n{node.code.strip()}\n{fence}{cut}")
    return "\n\n".join(parts)


def _part(node: Node, props: Mapping[str, Any]) -> str:
    """Name the part of the project: what it says itself, else dbt's group, else the folder."""
    told = _TRANSLATOR.get_group_name(props)
    if told and isinstance(told, str):
        return told
    folders = (node.path or "").split("/")[1:-1]
    if node.resource_type == "model" and folders:
        return folders[0]
    return f"{node.resource_type}s"


def _owners(node: Node, props: Mapping[str, Any]) -> list[str]:
    told: object = _TRANSLATOR.get_owners(props)
    named = told if isinstance(told, list) else [told or node.owner_name]
    return dbt_names.owners(named)
