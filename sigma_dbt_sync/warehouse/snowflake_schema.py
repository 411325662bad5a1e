"""Creates and extends the tables and views of a Snowflake schema, and drops them again.

Snowflake commits every DDL statement by itself. So each statement can be repeated, and what was
made is noted last: a migration that was cut off is simply made again.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import xxhash
from msgspec import DecodeError, json

from sigma_dbt_sync.errors import SchemaMismatch, WarehouseError
from sigma_dbt_sync.tables.render import SNOWFLAKE, literal
from sigma_dbt_sync.tables.spec import Column, Kind, Table
from sigma_dbt_sync.warehouse import sync_lock
from sigma_dbt_sync.warehouse.snowflake_session import AlreadyThere, NoSuchObject, Session
from sigma_dbt_sync.warehouse.views import View

_CREATE_SCHEMA = "CREATE SCHEMA IF NOT EXISTS {}"
_COLUMNS = (
    "SELECT table_name, column_name, data_type, comment FROM information_schema.columns "
    "WHERE table_schema = CURRENT_SCHEMA()"
)
_LOCK = (
    f"CREATE TABLE {sync_lock.NAME} AS SELECT CAST('{{}}' AS VARCHAR) AS warehouse_id, "
    "CAST(0 AS NUMBER(38, 0)) AS generation, CAST({} AS VARCHAR) AS fingerprint"
)
# what INFORMATION_SCHEMA calls the types
_TYPES = {**SNOWFLAKE.types, Kind.TEXT: "TEXT", Kind.INTEGER: "NUMBER"}

_Columns = dict[str, dict[str, tuple[str, str | None]]]


class Schema:
    """The tables and views a version of this package expects."""

    def __init__(self, name: str, tables: Sequence[Table[Any]], views: Sequence[View]) -> None:
        """Hash every statement, so that an unchanged table or view is recognized."""
        self._name = name
        self._tables = tables
        self._views = views
        self._hashes = {table.name: _digest(create_table(table)) for table in tables}
        self._hashes |= {view.name: _digest(create_view(view)) for view in views}

    def migrate(self, session: Session) -> list[str]:
        """Create what is missing, renew what has changed; say what was done.

        Raises:
            SchemaMismatch: a column is not as expected; nothing is changed.
        """
        noted = _noted(session)
        if noted == self._hashes:
            return []
        if noted is None:
            self._make_schema(session)
        known = noted or {}
        existing = _columns(session)
        tables = [table for table in self._tables if known.get(table.name) != self._of(table)]
        wrong = [line for table in tables for line in _differences(table, existing)]
        if wrong:
            raise SchemaMismatch(
                "; ".join(wrong) + ". Only new columns are added by themselves. Loading everything "
                "again helps: sigma-dbt-sync sync --rebuild."
            )
        done = [line for table in tables for line in _make(session, table, existing)]
        for view in self._views:
            if known.get(view.name) == self._of(view) and view.name in existing:
                continue
            try:
                session.run(create_view(view))
            except WarehouseError as error:
                raise WarehouseError(f"The view {view.name} cannot be made: {error}") from error
            done.append(f"defined view {view.name}")
        self._note(session, is_new=noted is None)
        return done

    def drop(self, session: Session, *, keep: Collection[str] = ()) -> list[str]:
        """Drop the views, the tables and sync_lock, as far as they are there and not to be kept.

        Views stay when some tables do: they would lose their grants, and `migrate` renews them.
        """
        existing = _columns(session)
        views = () if keep else self._views
        kinds = [
            *(("VIEW", view.name) for view in reversed(views)),
            *(("TABLE", table.name) for table in self._tables),
            ("TABLE", sync_lock.NAME),
        ]
        dropped = [(kind, name) for kind, name in kinds if name in existing and name not in keep]
        for kind, name in dropped:
            session.run(f"DROP {kind} IF EXISTS {name}")
        return [name for _, name in dropped]

    def _of(self, made: Table[Any] | View) -> str:
        return self._hashes[made.name]

    def _make_schema(self, session: Session) -> None:
        """Make the schema where an administrator has not; that takes CREATE SCHEMA."""
        if session.run("SELECT CURRENT_SCHEMA()") == [(None,)]:
            session.run(_CREATE_SCHEMA.format(self._name))

    def _note(self, session: Session, *, is_new: bool) -> None:
        hashes = json.encode(self._hashes).decode()
        if not is_new:
            session.run(sync_lock.NOTE_FINGERPRINT, [hashes])
            return
        # made and filled in one statement: two first syncs at once must not both add their row
        with suppress(AlreadyThere):
            session.run(_LOCK.format(uuid4(), _literal(hashes)))
        for comment in sync_lock.COMMENTS:
            session.run(comment)


def create_table(table: Table[Any]) -> str:
    """Write CREATE TABLE with all comments: a statement of its own for each would be hundreds."""
    lines = [f"    {_definition(column)}" for column in table.stored]
    return (
        f"CREATE TABLE IF NOT EXISTS {table.name} (\n"
        + ",\n".join(lines)
        + f"\n) COMMENT = {_literal(table.description)}"
    )


def create_view(view: View) -> str:
    """Write CREATE VIEW with all comments; COPY GRANTS, or Sigma would lose its SELECT."""
    columns = ",\n".join(
        f"    {name} COMMENT {_literal(text)}" for name, text in view.columns.items()
    )
    return (
        f"CREATE OR REPLACE VIEW {view.name} (\n{columns}\n) COPY GRANTS "
        f"COMMENT = {_literal(view.description)} AS\n{view.sql}"
    )


def add_column(table: Table[Any], column: Column) -> str:
    """Write ADD COLUMN; empty in the rows that are there, hence never NOT NULL."""
    return (
        f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {column.name} "
        f"{SNOWFLAKE.types[column.kind]} COMMENT {_literal(column.description)}"
    )


def _make(session: Session, table: Table[Any], existing: _Columns) -> list[str]:
    found = existing.get(table.name)
    if found is None:
        session.run(create_table(table))
        return [f"created table {table.name}"]
    done: list[str] = []
    for column in table.stored:
        if column.name not in found:
            session.run(add_column(table, column))
            done.append(f"added column {table.name}.{column.name}")
    for column in table.stored:
        if column.name in found and found[column.name][1] != column.description:
            text = _literal(column.description)
            session.run(f"COMMENT ON COLUMN {table.name}.{column.name} IS {text}")
    session.run(f"COMMENT ON TABLE {table.name} IS {_literal(table.description)}")
    return done


def _noted(session: Session) -> dict[str, str] | None:
    """Read what an earlier migration made; None when there was none."""
    try:
        ((text,),) = session.run(sync_lock.FINGERPRINT)
        return json.decode(text, type=dict[str, str])
    except NoSuchObject:
        return None
    except DecodeError:
        return {}


def _columns(session: Session) -> _Columns:
    """Read type and comment of every column that is there, by table or view."""
    found: _Columns = {}
    for table, column, kind, comment in session.run(_COLUMNS):
        found.setdefault(table.lower(), {})[column.lower()] = (kind, comment)
    return found


def _differences(table: Table[Any], existing: _Columns) -> list[str]:
    """Word everything about a table that adding a column cannot mend."""
    found = existing.get(table.name)
    if found is None:
        return []
    expected = {column.name: _TYPES[column.kind] for column in table.stored}
    return [
        *(
            f"{table.name}.{name} is {found[name][0]}, and this version expects {kind}"
            for name, kind in expected.items()
            if name in found and found[name][0] != kind
        ),
        *(
            f"{table.name}.{name} belongs to the key of this version and is not there"
            for name in table.key
            if name not in found
        ),
        *(
            f"{table.name}.{name} is not known to this version"
            for name in found
            if name not in expected
        ),
    ]


def _definition(column: Column) -> str:
    required = "" if column.nullable else " NOT NULL"
    comment = _literal(column.description)
    return f"{column.name} {SNOWFLAKE.types[column.kind]}{required} COMMENT {comment}"


def _literal(text: str) -> str:
    """Quote a text; Snowflake also reads backslashes."""
    return literal(text.replace("\\", "\\\\"))


def _digest(text: str) -> str:
    return xxhash.xxh3_64_hexdigest(text)
