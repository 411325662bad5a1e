"""Creates and extends the tables and views of a DuckDB file, and drops them again."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import uuid4

import duckdb
import xxhash

from sigma_dbt_sync.errors import SchemaMismatch, WarehouseError
from sigma_dbt_sync.tables.render import DUCKDB, add_column, comments, create_table, literal
from sigma_dbt_sync.tables.spec import Table
from sigma_dbt_sync.warehouse import sync_lock
from sigma_dbt_sync.warehouse.duckdb_file import SCHEMA
from sigma_dbt_sync.warehouse.views import View


class Schema:
    """The tables and views a version of this package expects."""

    def __init__(self, tables: Sequence[Table[Any]], views: Sequence[View]) -> None:
        """Hash what would be executed, so that an unchanged version is recognized."""
        self._tables = tables
        self._views = views
        texts = [text for table in tables for text in _table_texts(table)]
        texts += [text for view in views for text in _view_texts(view)]
        self._fingerprint = xxhash.xxh3_128_hexdigest("\n".join(texts))

    def is_in(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Whether this very version made the tables and views."""
        try:
            found = con.execute(sync_lock.FINGERPRINT).fetchall()
        except duckdb.CatalogException:  # nothing has been made yet
            return False
        return found == [(self._fingerprint,)]

    def migrate(self, con: duckdb.DuckDBPyConnection) -> list[str]:
        """Create what is missing, renew comments and views; say what was done.

        Raises:
            SchemaMismatch: a column is not as expected.
        """
        existing = _columns(con)
        done: list[str] = []
        wrong: list[str] = []
        for table in self._tables:
            types = existing.get(table.name)
            if types is None:
                con.execute(create_table(table, DUCKDB))
                done.append(f"created table {table.name}")
            else:
                wrong += _differences(table, types)
                for column in table.stored:
                    if column.name not in types and not wrong:
                        con.execute(add_column(table, column, DUCKDB))
                        done.append(f"added column {table.name}.{column.name}")
            if wrong:
                continue
            _execute_all(con, comments(table))
        if wrong:
            raise SchemaMismatch(
                "; ".join(wrong) + ". Only new columns are added by themselves. Loading everything "
                "again helps: sigma-dbt-sync sync --rebuild."
            )
        for view in self._views:
            try:
                _execute_all(con, _view_texts(view))
            except duckdb.Error as error:
                raise WarehouseError(f"The view {view.name} cannot be made: {error}") from error
            done.append(f"defined view {view.name}")
        self._note(con, is_new=sync_lock.NAME not in existing)
        return done

    def drop(self, con: duckdb.DuckDBPyConnection, keep: Collection[str] = ()) -> list[str]:
        """Drop the views, the tables but those to keep, and sync_lock, as far as they are there."""
        existing = _columns(con)
        kinds = [
            *(("VIEW", view.name) for view in reversed(self._views)),
            *(("TABLE", table.name) for table in self._tables),
            ("TABLE", sync_lock.NAME),
        ]
        dropped = [(kind, name) for kind, name in kinds if name in existing and name not in keep]
        _execute_all(con, (f"DROP {kind} {name}" for kind, name in dropped))
        return [name for _, name in dropped]

    def _note(self, con: duckdb.DuckDBPyConnection, *, is_new: bool) -> None:
        if is_new:
            _execute_all(con, (sync_lock.CREATE, *sync_lock.COMMENTS))
            con.execute(sync_lock.FILL, [str(uuid4()), self._fingerprint])
        else:
            con.execute(sync_lock.NOTE_FINGERPRINT, [self._fingerprint])


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Read the type of every column that is there, by table or view."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = ? AND database_name = current_database()",
        [SCHEMA],
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _differences(table: Table[Any], types: dict[str, str]) -> list[str]:
    """Word everything about a table that adding a column cannot mend."""
    expected = {column.name: DUCKDB.types[column.kind] for column in table.stored}
    return [
        *(
            f"{table.name}.{name} is {types[name]}, and this version expects {kind}"
            for name, kind in expected.items()
            if types.get(name, kind) != kind
        ),
        *(
            f"{table.name}.{name} belongs to the key of this version and is not there"
            for name in table.key
            if name not in types
        ),
        *(
            f"{table.name}.{name} is not known to this version"
            for name in types
            if name not in expected
        ),
    ]


def _table_texts(table: Table[Any]) -> list[str]:
    return [create_table(table, DUCKDB), ",".join(table.key), *comments(table)]


def _view_texts(view: View) -> list[str]:
    return [
        f"CREATE OR REPLACE VIEW {view.name} AS\n{view.sql}",
        f"COMMENT ON VIEW {view.name} IS {literal(view.description)}",
        *(
            f"COMMENT ON COLUMN {view.name}.{name} IS {literal(text)}"
            for name, text in view.columns.items()
        ),
    ]


def _execute_all(con: duckdb.DuckDBPyConnection, statements: Iterable[str]) -> None:
    for statement in statements:
        con.execute(statement)
