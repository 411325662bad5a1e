"""Reads the comments that dbt wrote into a DuckDB file."""

from collections import defaultdict
from collections.abc import Collection

import duckdb

from sigma_dbt_sync.docs_diff.comments import TableComments
from sigma_dbt_sync.warehouse.base import Place

_RELATIONS = (
    "SELECT schema_name, table_name AS name, comment FROM duckdb_tables() "
    "WHERE database_name = current_database() "
    "UNION ALL SELECT schema_name, view_name AS name, comment FROM duckdb_views() "
    "WHERE database_name = current_database() AND NOT internal"
)
_COLUMNS = (
    "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
    "WHERE database_name = current_database() AND NOT internal"
)


def read_comments(
    con: duckdb.DuckDBPyConnection, places: Collection[Place]
) -> dict[Place, TableComments]:
    """Read the comments of those relations that lie in this file; names in any case."""
    ((database,),) = con.execute("SELECT current_database()").fetchall()
    wanted = {
        (schema.lower(), name.lower()): (of, schema, name)
        for of, schema, name in places
        if of.lower() == database.lower()
    }
    if not wanted:
        return {}
    columns: defaultdict[tuple[str, str], dict[str, str | None]] = defaultdict(dict)
    for schema, name, column, comment in con.execute(_COLUMNS).fetchall():
        columns[schema.lower(), name.lower()][column] = comment
    return {
        wanted[key]: TableComments(comment, columns[key])
        for schema, name, comment in con.execute(_RELATIONS).fetchall()
        if (key := (schema.lower(), name.lower())) in wanted
    }
