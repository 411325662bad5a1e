"""The types of the columns of views, which no file states: a DuckDB in memory derives them."""

from collections.abc import Iterable

import duckdb

from sigma_dbt_sync import tables
from sigma_dbt_sync.tables.render import DUCKDB, create_table
from sigma_dbt_sync.tables.spec import Kind
from sigma_dbt_sync.warehouse.views import View

_KINDS = {
    "BIGINT": Kind.INTEGER,
    "BOOLEAN": Kind.FLAG,
    "DOUBLE": Kind.NUMBER,
    "HUGEINT": Kind.INTEGER,
    "INTEGER": Kind.INTEGER,
    "JSON": Kind.JSON,
    "TIMESTAMP WITH TIME ZONE": Kind.INSTANT,
    "VARCHAR": Kind.TEXT,
}


def view_types(views: Iterable[View]) -> dict[str, dict[str, Kind]]:
    """Find by view and column what it holds; `views` come after those they read.

    Takes some 0.1 s, touches no file and asks nobody.
    """
    with duckdb.connect() as con:
        for table in tables.ALL:
            con.execute(create_table(table, DUCKDB))
        for view in views:
            con.execute(f"CREATE VIEW {view.name} AS\n{view.sql}")
        told = con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE table_name IN (SELECT view_name FROM duckdb_views() WHERE NOT internal)"
        ).fetchall()
    found: dict[str, dict[str, Kind]] = {}
    for view, column, kind in told:
        found.setdefault(view, {})[column] = _KINDS[kind]
    return found
