"""The types of the columns of views: a SELECT does not state them, so a DuckDB derives them.

That costs 0.15 s and 50 MB, too much for whoever only wants to show them. So `make docs` writes
them into sql/views/types.json, and a test holds that file to what is derived.
"""

import json
from collections.abc import Iterable

from sigma_dbt_sync import tables
from sigma_dbt_sync.tables.render import DUCKDB, create_table
from sigma_dbt_sync.tables.spec import Kind
from sigma_dbt_sync.warehouse.views import View, sql_folder

Types = dict[str, dict[str, str]]
"""By view and column: text, integer, number, boolean, timestamp or json, as of tables."""

# No HUGEINT, which DuckDB makes of sums and count_if: Arrow reads it as decimals, pandas as floats.
_KINDS = {
    "BIGINT": Kind.INTEGER,
    "BOOLEAN": Kind.FLAG,
    "DOUBLE": Kind.NUMBER,
    "INTEGER": Kind.INTEGER,
    "JSON": Kind.JSON,
    "TIMESTAMP WITH TIME ZONE": Kind.INSTANT,
    "VARCHAR": Kind.TEXT,
}


def view_types() -> Types:
    """Read what was derived."""
    found: Types = json.loads((sql_folder() / "views" / "types.json").read_text(encoding="utf-8"))
    return found


def derive(views: Iterable[View]) -> Types:
    """Derive what each column holds, in memory; `views` come after those they read."""
    import duckdb  # noqa: PLC0415 - whoever reads the file needs no engine

    with duckdb.connect() as con:
        for table in tables.ALL:
            con.execute(create_table(table, DUCKDB))
        for view in views:
            con.execute(f"CREATE VIEW {view.name} AS\n{view.sql}")
        told = con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE table_name IN (SELECT view_name FROM duckdb_views() WHERE NOT internal) "
            "ORDER BY table_name, column_index"
        ).fetchall()
    found: Types = {}
    for view, column, kind in told:
        found.setdefault(view, {})[column] = _KINDS[kind].value
    return found
