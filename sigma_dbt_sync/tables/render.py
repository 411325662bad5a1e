"""Tables as text: SQL for both warehouses, and the page in docs/.

Names are never quoted, so that DuckDB keeps them in lower case and Snowflake in upper case. What
the two warehouses word differently is in their `Dialect`, nowhere else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sigma_dbt_sync.tables.spec import BOOKKEEPING, LOADED_AT, Column, Kind, Table


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one warehouse words in its own way.

    `parse_json` has braces for the text to parse; `cast`, for a value and its type, is how MERGE
    reads a staged column.
    """

    types: Mapping[Kind, str]
    parse_json: str
    cast: str


DUCKDB = Dialect(
    types={
        Kind.TEXT: "VARCHAR",
        Kind.INTEGER: "BIGINT",
        Kind.NUMBER: "DOUBLE",
        Kind.FLAG: "BOOLEAN",
        Kind.INSTANT: "TIMESTAMP WITH TIME ZONE",
        Kind.JSON: "JSON",
    },
    parse_json="CAST({} AS JSON)",
    cast="{}",
)
SNOWFLAKE = Dialect(
    types={
        Kind.TEXT: "VARCHAR",
        Kind.INTEGER: "NUMBER(38, 0)",
        Kind.NUMBER: "FLOAT",
        Kind.FLAG: "BOOLEAN",
        Kind.INSTANT: "TIMESTAMP_TZ",
        Kind.JSON: "VARIANT",
    },
    parse_json="PARSE_JSON({})",
    cast="CAST({0} AS {1}) AS {0}",  # few rows are staged as text: see snowflake_publish
)
_DELETE = "WHEN MATCHED AND s.row_hash IS NULL THEN DELETE\n"


def create_table(table: Table[Any], dialect: Dialect) -> str:
    """Write CREATE TABLE. There is no primary key: DuckDB would enforce it, Snowflake would not."""
    lines = [
        f"    {column.name} {dialect.types[column.kind]}{'' if column.nullable else ' NOT NULL'}"
        for column in table.stored
    ]
    return f"CREATE TABLE {table.name} (\n" + ",\n".join(lines) + "\n)"


def add_column(table: Table[Any], column: Column, dialect: Dialect) -> str:
    """Write ADD COLUMN; empty in the rows that are there, hence never NOT NULL."""
    return f"ALTER TABLE {table.name} ADD COLUMN {column.name} {dialect.types[column.kind]}"


def comments(table: Table[Any]) -> list[str]:
    """Write one COMMENT for the table and one for each column."""
    return [
        f"COMMENT ON TABLE {table.name} IS {literal(table.description)}",
        *(
            f"COMMENT ON COLUMN {table.name}.{column.name} IS {literal(column.description)}"
            for column in table.stored
        ),
    ]


def merge(table: Table[Any], stage: str, dialect: Dialect, *, deletes: bool = False) -> str:
    """Write MERGE: rows of `stage` are inserted, or updated where their content differs.

    `deletes`: staged rows without `row_hash` are keys of rows to delete.
    """
    names = [column.name for column in table.stored]
    written = [name for name in names if name not in table.key]
    return (
        f"MERGE INTO {table.name} AS t\n"  # noqa: S608 - every name is ours
        f"USING (SELECT {', '.join(_staged(column, dialect) for column in table.stored)} "
        f"FROM {stage}) AS s\n"
        f"ON {_same_key(table)}\n"
        f"{_DELETE if deletes else ''}"
        f"WHEN MATCHED AND t.row_hash IS DISTINCT FROM s.row_hash THEN UPDATE SET "
        f"{', '.join(f'{name} = s.{name}' for name in written)}\n"
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) "
        f"VALUES ({', '.join(f's.{name}' for name in names)})"
    )


def changed(table: Table[Any], stage: str) -> str:
    """Write SELECT: which of the staged keys MERGE would write, and which of those are there."""
    return (
        f"SELECT s.position, t.row_hash IS NOT NULL AS is_there\n"  # noqa: S608 - every name is ours
        f"FROM {stage} AS s LEFT JOIN {table.name} AS t ON {_same_key(table)}\n"
        f"WHERE t.row_hash IS DISTINCT FROM s.row_hash ORDER BY s.position"
    )


def delete(table: Table[Any], stage: str, scopes: Mapping[str, str]) -> str:
    """Write DELETE of rows in scope that `stage` does not have.

    `scopes` names for each column the relation whose `value` lists what is in scope; NULL is one.
    """
    conditions = [
        f"EXISTS (SELECT 1 FROM {scope} AS x WHERE x.value IS NOT DISTINCT FROM t.{column})"  # noqa: S608
        for column, scope in scopes.items()
    ]
    conditions.append(f"NOT EXISTS (SELECT 1 FROM {stage} AS s WHERE {_same_key(table)})")  # noqa: S608
    return f"DELETE FROM {table.name} AS t WHERE " + "\nAND ".join(conditions)  # noqa: S608


def delete_unused_code(
    code: Table[Any], tables: Iterable[Table[Any]], listed: str, *, narrow: bool = True
) -> str:
    """Write DELETE of texts that no `*_code_hash` column refers to any more.

    `listed` is what stands in the parentheses of IN and names them; `narrow` repeats it for every
    column, which spares work where that is cheap.
    """
    name = code.name
    where = " WHERE {} IN (" + listed + ")" if narrow else ""
    uses = [
        f"SELECT account_id, {column.name} AS code_hash FROM {table.name}"  # noqa: S608
        + where.format(column.name)
        for table in tables
        for column in table.columns
        if column.name.endswith("_code_hash")
    ]
    unused = f"DELETE FROM {name} WHERE code_hash IN ({listed})"  # noqa: S608
    if not uses:
        return unused
    union = "\nUNION ALL ".join(uses)
    return (
        f"{unused}\nAND NOT EXISTS (SELECT 1 FROM (\n{union}\n) AS u "  # noqa: S608
        f"WHERE u.account_id = {name}.account_id AND u.code_hash = {name}.code_hash)"
    )


def markdown(table: Table[Any]) -> str:
    """Write the table's section of docs/tables.md."""
    lines = [
        f"## {table.name}",
        "",
        table.description,
        "",
        f"Key: {', '.join(f'`{name}`' for name in table.key)}.",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
        *(
            f"| `{column.name}` | {column.kind.value}{', may be empty' if column.nullable else ''} "
            f"| {column.description.replace('|', chr(92) + '|')} |"
            for column in table.columns
        ),
        "",
        f"Besides: {', '.join(f'`{name}`' for name in BOOKKEEPING)}.",
    ]
    return "\n".join(lines) + "\n"


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _staged(column: Column, dialect: Dialect) -> str:
    if column.name == LOADED_AT:
        return f"CURRENT_TIMESTAMP AS {column.name}"
    if column.kind is Kind.JSON:
        return f"{dialect.parse_json.format(column.name)} AS {column.name}"
    return dialect.cast.format(column.name, dialect.types[column.kind])


def _same_key(table: Table[Any]) -> str:
    return " AND ".join(f"t.{name} = s.{name}" for name in table.key)
