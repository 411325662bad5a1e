"""Models, sources, seeds and snapshots to rows."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from msgspec import Raw, structs

from sigma_dbt_sync.artifacts.manifest import NULL, Freshness, Node
from sigma_dbt_sync.artifacts.values import canonical, instant
from sigma_dbt_sync.normalize.freshness import threshold_seconds
from sigma_dbt_sync.normalize.keys import code_hash, digest, node_key, to_json
from sigma_dbt_sync.normalize.lineage import Downstream
from sigma_dbt_sync.normalize.owner import owner_of
from sigma_dbt_sync.normalize.project import Project, resource_type
from sigma_dbt_sync.normalize.relation_key import place_of
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.relations import (
    ModelRow,
    RelationRow,
    SeedRow,
    SnapshotRow,
    SourceRow,
)
from sigma_dbt_sync.tables.spec import Json

_ROWS: dict[str, type[RelationRow]] = {
    "model": ModelRow,
    "seed": SeedRow,
    "snapshot": SnapshotRow,
    "source": SourceRow,
}
_NOT_DEFINITION = frozenset(
    {
        *("compiled_code_hash", "first_seen_at", "downstream_count", "exposure_count"),
        *("relation_key", "database_name", "schema_name", "identifier"),
    }
)
"""Changes of these are no change of the node's own definition; neither are catalog columns, nor the
parts of the name, which the catalog may spell otherwise (`relation_name` counts)."""


def relation_rows(
    project: Project,
    status: Mapping[str, NodeStatusRow],
    only: AbstractSet[str] | None = None,
    *,
    downstream: Mapping[str, Downstream],
) -> list[RelationRow]:
    """Make the row of every relation, or `only` of some.

    `status` by unique_id brings what runs told about it, `downstream` how much reads it.
    """
    return [
        _relation_row(
            node, project, status.get(node.unique_id), downstream.get(node.unique_id, (0, 0))
        )
        for node in project.relations(only)
    ]


def _relation_row(
    node: Node, project: Project, status: NodeStatusRow | None, downstream: Downstream
) -> RelationRow:
    kind = resource_type(node.unique_id)
    config = node.config
    table = project.catalog.get(node.unique_id)
    place = place_of(node, table.metadata if table else None, project.adapter_type)
    group = node.group or config.group
    meta = meta_json(node.meta, config.meta)
    owner_name, owner_email = owner_of(meta, group, project.owners)
    persist = config.persist_docs
    row = _ROWS[kind](
        account_id=project.account_id,
        environment_id=project.environment_id,
        unique_id=node.unique_id,
        project_id=project.project_id,
        node_key=node_key(project.account_id, project.environment_id, node.unique_id),
        name=node.name,
        package_name=node.package_name,
        relation_name=node.relation_name,
        relation_key=place.key,
        database_name=place.database,
        schema_name=place.schema,
        identifier=place.identifier,
        description=node.description or "",
        materialized=config.materialized or (kind if kind in ("seed", "snapshot") else None),
        persist_docs_relation=bool(persist and persist.relation),
        persist_docs_columns=bool(persist and persist.columns),
        tags=to_json(node.tags),
        tags_text=", ".join(node.tags),
        meta=meta,
        owner_name=owner_name,
        owner_email=owner_email,
        owner=owner_name or owner_email,
        group_name=group,
        access=node.access or config.access,
        model_version=_text(node.version),
        latest_version=_text(node.latest_version),
        contract_enforced=bool(config.contract and config.contract.enforced),
        language=(node.language or "sql") if node.source_code else None,
        raw_code_hash=code_hash(node.source_code),
        compiled_code_hash=status.compiled_code_hash if status else None,
        original_file_path=node.original_file_path,
        definition_hash="",
        docs_hash=_docs_hash(node),
        downstream_count=downstream[0],
        exposure_count=downstream[1],
        catalog_type=table.metadata.type if table else None,
        catalog_comment=table.metadata.comment if table else None,
        catalog_owner=(table.metadata.owner or None) if table else None,
        catalog_row_count=table.row_count if table else None,
        catalog_bytes=table.size_bytes if table else None,
        catalog_last_modified_at=instant(table.last_modified) if table else None,
        first_seen_at=status.first_seen_at if status else None,
        **(_source_fields(node) if kind == "source" else {}),
    )
    return structs.replace(row, definition_hash=_definition_hash(row))


def _source_fields(node: Node) -> dict[str, object]:
    freshness = node.freshness or node.config.freshness or Freshness()
    return {
        "source_name": node.source_name,
        "source_description": node.source_description or "",
        "loader": node.loader or None,
        "loaded_at_field": node.loaded_at_field or node.config.loaded_at_field,
        "warn_after_seconds": threshold_seconds(freshness.warn_after),
        "error_after_seconds": threshold_seconds(freshness.error_after),
    }


def _definition_hash(row: RelationRow) -> str:
    return digest(
        {
            name: value
            for name, value in structs.asdict(row).items()
            if name not in _NOT_DEFINITION and not name.startswith("catalog_")
        }
    )


def _docs_hash(node: Node) -> str:
    columns = {name: column.description for name, column in node.columns.items()}
    columns = {name: description for name, description in columns.items() if description}
    return digest([node.description or "", columns])


def meta_json(*blocks: Raw) -> Json:
    """Take the first meta block that says something; an empty one when none does."""
    for block in blocks:
        text = None if block is NULL else canonical(block)
        if text and text != "{}":
            return Json(text)
    return Json("{}")


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)
