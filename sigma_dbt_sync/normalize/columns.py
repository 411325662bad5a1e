"""Columns to rows: what the project documents joined with what the warehouse reported.

Names in YAML are as people type them, names in catalog.json as the warehouse folds them, so they
are joined without regard to case, except where the project quotes a column.
"""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sigma_dbt_sync.artifacts.catalog import CatalogColumn
from sigma_dbt_sync.artifacts.manifest import ColumnInfo, Node
from sigma_dbt_sync.artifacts.values import canonical
from sigma_dbt_sync.normalize.keys import node_key, to_json
from sigma_dbt_sync.normalize.project import Project
from sigma_dbt_sync.normalize.relations import meta_json
from sigma_dbt_sync.tables.columns import ColumnRow
from sigma_dbt_sync.tables.spec import Json

Pair = tuple[ColumnInfo | None, CatalogColumn | None]
"""A column as the project has it, and as the warehouse has it."""


def column_rows(project: Project, only: AbstractSet[str] | None = None) -> Iterator[ColumnRow]:
    """Yield a row for every column of every relation, or `only` of some."""
    for node in project.relations(only):
        of_node = node_key(project.account_id, project.environment_id, node.unique_id)
        table = project.catalog.get(node.unique_id)
        pairs = _pairs(node, table.columns if table else {})
        names = [_name(pair) for pair in pairs]
        folded = [name.lower() for name in names]
        doubled = {name for name, count in Counter(folded).items() if count > 1}
        for position, (declared, found) in enumerate(pairs, start=1):
            name, key = names[position - 1], folded[position - 1]
            description = (declared.description if declared else None) or ""
            yield ColumnRow(
                account_id=project.account_id,
                environment_id=project.environment_id,
                unique_id=node.unique_id,
                column_key=name if key in doubled else key,
                project_id=project.project_id,
                node_key=of_node,
                column_name=name,
                description=description,
                is_documented=bool(description.strip()),
                is_in_project=declared is not None,
                is_in_warehouse=(found is not None) if table else None,
                declared_type=declared.data_type if declared else None,
                catalog_type=found.type if found else None,
                catalog_comment=found.comment if found else None,
                ordinal=position,
                is_quoted=bool(declared and declared.quote),
                tags=to_json(declared.tags if declared else []),
                meta=meta_json(declared.meta) if declared else Json("{}"),
                constraints=Json((canonical(declared.constraints) if declared else None) or "[]"),
            )


def _name(pair: Pair) -> str:
    declared, found = pair
    return found.name if found else declared.name if declared else ""


def _pairs(node: Node, catalog: dict[str, CatalogColumn]) -> list[Pair]:
    """Join documented and real columns, in the warehouse's order, then the project's other ones."""
    real = sorted(catalog.values(), key=lambda column: (column.index is None, column.index or 0))
    exact = {column.name: column for column in node.columns.values()}
    folded = {column.name.lower(): column for column in node.columns.values() if not column.quote}
    taken: set[str] = set()
    pairs: list[Pair] = []
    for found in real:
        declared = exact.get(found.name) or folded.get(found.name.lower())
        if declared is not None and declared.name in taken:
            declared = None
        if declared is not None:
            taken.add(declared.name)
        pairs.append((declared, found))
    pairs.extend((column, None) for column in node.columns.values() if column.name not in taken)
    return pairs
