"""Exposures, metrics, semantic models, saved queries and groups to rows."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import cast

from msgspec import structs

from sigma_dbt_sync.artifacts.declared import Declared, DeclaredConfig
from sigma_dbt_sync.artifacts.values import plain
from sigma_dbt_sync.normalize.keys import digest, node_key, to_json
from sigma_dbt_sync.normalize.owner import owner_of
from sigma_dbt_sync.normalize.project import Project, resource_type
from sigma_dbt_sync.normalize.relations import meta_json
from sigma_dbt_sync.tables.declared import (
    DeclaredRow,
    ExposureRow,
    GroupRow,
    MetricRow,
    SavedQueryRow,
    SemanticModelRow,
)

_ROWS: dict[str, type[DeclaredRow]] = {
    "exposure": ExposureRow,
    "metric": MetricRow,
    "semantic_model": SemanticModelRow,
    "saved_query": SavedQueryRow,
    "group": GroupRow,
}
_PARTS: dict[str, tuple[str, ...]] = {
    "exposure": (),
    "metric": (
        *("type_params", "filter", "time_granularity"),
        *("model", "sql", "expression", "timestamp", "time_grains", "window"),
        *("dimensions", "filters"),
    ),
    "semantic_model": (
        *("model", "defaults", "primary_entity"),
        *("entities", "dimensions", "measures"),
    ),
    "saved_query": ("query_params", "exports"),
    "group": (),
}
"""What makes up each kind; where dbt puts it in the warehouse is left out."""

_EMPTY: tuple[object, ...] = (None, "", [], {})
_DEEPEST = 20
"""Blocks nest a few levels deep; what nests deeper is kept as it is."""


def declared_rows(project: Project, only: AbstractSet[str] | None = None) -> Iterator[DeclaredRow]:
    """Yield the row of everything that is declared, or `only` of some of it."""
    for one in project.declared.values():
        kind = resource_type(one.unique_id)
        if kind in _ROWS and (only is None or one.unique_id in only):
            yield _row(one, kind, project)


def _row(one: Declared, kind: str, project: Project) -> DeclaredRow:
    config = one.config or DeclaredConfig()
    is_group = kind == "group"
    group = None if is_group else one.group or config.group
    tags = [] if is_group else one.tags
    meta = meta_json(one.meta, config.meta)
    owner_name, owner_email = owner_of(meta, group, project.owners, one.owner)
    row = _ROWS[kind](
        account_id=project.account_id,
        environment_id=project.environment_id,
        unique_id=one.unique_id,
        project_id=project.project_id,
        node_key=node_key(project.account_id, project.environment_id, one.unique_id),
        name=one.name,
        label=one.label or None,
        type=one.type,
        owner=owner_name or owner_email,
        owner_name=owner_name,
        owner_email=owner_email,
        description=one.description or "",
        url=one.url or None,
        group_name=group,
        package_name=one.package_name,
        original_file_path=one.original_file_path,
        tags=to_json(tags),
        tags_text=", ".join(tags),
        meta=meta,
        definition=to_json(_definition(one, kind)),
        definition_hash="",
        **({"maturity": one.maturity or None} if kind == "exposure" else {}),
    )
    return structs.replace(row, definition_hash=digest(structs.asdict(row)))


def _definition(one: Declared, kind: str) -> dict[str, object]:
    if kind == "exposure":
        return {"depends_on": sorted(set(one.parents))}
    return _told({name: plain(getattr(one, name)) for name in _PARTS[kind]})


def _told(block: dict[str, object], depth: int = 0) -> dict[str, object]:
    """Leave out what is empty: every dbt version adds keys, most of them null."""
    told = {name: _part(value, depth) for name, value in block.items()}
    return {name: value for name, value in told.items() if value not in _EMPTY}


def _part(value: object, depth: int) -> object:
    if depth < _DEEPEST and isinstance(value, dict):
        return _told(cast("dict[str, object]", value), depth + 1)
    if depth < _DEEPEST and isinstance(value, list):
        return [_part(one, depth + 1) for one in cast("list[object]", value)]
    return value
