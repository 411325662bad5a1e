"""Which catalog tells about a relation: the newest that shows it where it lies now.

A catalog may be of another variant, which builds into another schema, or older than the relation's
move. dbt itself pairs relations of the catalog with nodes by their names, whatever the case.
"""

from collections.abc import Iterable, Iterator, Mapping

from sigma_dbt_sync.artifacts.catalog import CatalogTable, TableMetadata
from sigma_dbt_sync.normalize.project import Project
from sigma_dbt_sync.normalize.relation_key import Place, place_of


def catalog_in_force(
    project: Project, catalogs: Iterable[Mapping[str, CatalogTable]]
) -> dict[str, CatalogTable]:
    """Choose what is known of each relation; `catalogs`, newest first, are read as needed."""
    found: dict[str, CatalogTable] = {}
    missing = {node.unique_id: node for node in project.relations()}
    remaining = iter(catalogs)
    while missing and (tables := next(remaining, None)) is not None:
        for unique_id in missing.keys() & tables.keys():
            place = place_of(missing[unique_id], None, project.adapter_type)
            if _is_there(place, tables[unique_id].metadata):
                found[unique_id] = tables[unique_id]
                del missing[unique_id]
    return found


def _is_there(place: Place, shown: TableMetadata) -> bool:
    """Whether the names that both know are the same."""
    return all(name.lower() == other.lower() for name, other in _known(place, shown))


def _known(place: Place, shown: TableMetadata) -> Iterator[tuple[str, str]]:
    names = (place.database, place.schema, place.identifier)
    for name, other in zip(names, (shown.database, shown.schema, shown.name), strict=True):
        if name and other:
            yield name, other
