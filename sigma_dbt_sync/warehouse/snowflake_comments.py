"""Reads from Snowflake's catalog which comments tables, views and their columns carry."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from sigma_dbt_sync.docs_diff.comments import TableComments
from sigma_dbt_sync.warehouse.base import Place
from sigma_dbt_sync.warehouse.snowflake_session import NoSuchObject, Session

_LISTED = 1000  # names asked for one by one; more are sorted out here


def read_comments(session: Session, places: Collection[Place]) -> dict[Place, TableComments]:
    """Read the comments of those places that are there and may be seen; a query per database."""
    by_database: defaultdict[str, set[Place]] = defaultdict(set)
    for place in places:
        by_database[place[0]].add(place)
    return {
        place: comments
        for database, wanted in sorted(by_database.items())
        for place, comments in _of_one(session, database, wanted)
        if place in wanted
    }


def _of_one(
    session: Session, database: str, wanted: Collection[Place]
) -> Iterator[tuple[Place, TableComments]]:
    schemas = sorted({schema for _, schema, _ in wanted})
    names = sorted({name for _, _, name in wanted})
    catalog = f'"{database.replace(chr(34), chr(34) * 2)}".information_schema'
    where = f"t.table_schema IN ({_marks(schemas)})"
    if len(names) <= _LISTED:
        where += f" AND t.table_name IN ({_marks(names)})"
        schemas += names
    sql = (
        f"SELECT t.table_schema, t.table_name, t.comment AS table_comment, c.column_name, "  # noqa: S608 - a quoted name
        f"c.comment AS column_comment FROM {catalog}.tables AS t "
        f"INNER JOIN {catalog}.columns AS c "
        f"ON c.table_schema = t.table_schema AND c.table_name = t.table_name WHERE {where}"
    )
    found: defaultdict[Place, dict[str, str | None]] = defaultdict(dict)
    comments: dict[Place, str | None] = {}
    try:
        rows = session.run(sql, schemas)
    except NoSuchObject:  # no such database, or hidden from the role
        return
    for schema, name, comment, column, column_comment in rows:
        found[database, schema, name][column] = column_comment or None
        comments[database, schema, name] = comment or None
    for place, columns in found.items():
        yield place, TableComments(comments[place], columns)


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" for _ in values)
