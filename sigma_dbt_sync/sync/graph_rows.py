"""Words current rows of a project as nodes and checks of a graph; reads nothing itself."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from msgspec import json

from sigma_dbt_sync.sync.graph import BUILD, BUILT, FRESHNESS, Check, GraphColumn, Node
from sigma_dbt_sync.tables.declared import ExposureRow
from sigma_dbt_sync.tables.relations import RelationRow, SourceRow


def relation_node(
    kind: str, row: RelationRow, columns: tuple[GraphColumn, ...], code: str | None, *, is_cut: bool
) -> Node:
    """Word a relation; `code` may already be cut."""
    is_source = isinstance(row, SourceRow)
    return Node(
        environment_id=row.environment_id,
        unique_id=row.unique_id,
        resource_type=kind,
        name=row.name,
        source_name=row.source_name if is_source else None,
        version=row.model_version,
        package=row.package_name,
        path=row.original_file_path,
        description=row.description or (row.source_description if is_source else ""),
        materialized=row.materialized,
        relation_name=row.relation_name,
        relation=(row.database_name, row.schema_name, row.identifier),
        group=row.group_name,
        owner_name=row.owner_name,
        owner_email=row.owner_email,
        tags=_texts(row.tags),
        meta=_dagster_meta(row.meta),
        columns=columns,
        code=code,
        language=row.language or "sql",
        is_code_cut=is_cut,
        has_freshness=is_source
        and (row.warn_after_seconds is not None or row.error_after_seconds is not None),
        downstream_count=row.downstream_count + row.exposure_count,
    )


def exposure_node(row: ExposureRow) -> Node:
    """Word an exposure."""
    return Node(
        environment_id=row.environment_id,
        unique_id=row.unique_id,
        resource_type="exposure",
        name=row.name,
        package=row.package_name,
        path=row.original_file_path,
        description=row.description,
        label=row.label,
        url=row.url,
        materialized=row.type,
        owner_name=row.owner_name,
        owner_email=row.owner_email,
        tags=_texts(row.tags),
        meta=_dagster_meta(row.meta),
    )


def own_checks(nodes: Iterable[Node]) -> Iterator[Check]:
    """Judge what dbt builds by its last build, and sources by their freshness."""
    for node in nodes:
        kind = BUILD if node.resource_type in BUILT and node.materialized != "ephemeral" else None
        kind = FRESHNESS if node.has_freshness else kind
        if kind:
            yield Check(
                environment_id=node.environment_id,
                node_id=node.unique_id,
                unique_id=node.unique_id,
                kind=kind,
                name=f"dbt_{kind}",
            )


def _texts(tags: str) -> tuple[str, ...]:
    return json.decode(tags, type=tuple[str, ...])


def _dagster_meta(meta: str) -> dict[str, object]:
    """Find what the project's meta says under `dagster`."""
    found: object = json.decode(meta)
    told: object = cast("dict[str, Any]", found).get("dagster") if isinstance(found, dict) else None
    return cast("dict[str, object]", told) if isinstance(told, dict) else {}
