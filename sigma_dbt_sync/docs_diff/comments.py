"""Whether the warehouse shows a description, and why not, in a sentence.

Comments are read from catalog.json or from the warehouse's own catalog. dbt-snowflake writes `$` as
`[$]`. dbt finds a column by the case its adapter expects; a comment on a column that differs only
in case counts, because people see it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec import Struct

from sigma_dbt_sync.tables.delivery import DocChangeRow

CATALOG, INFORMATION_SCHEMA = "catalog", "information_schema"


class TableComments(Struct, frozen=True):
    """The comments of one relation, by column as the warehouse names it; None: no comment."""

    comment: str | None
    columns: Mapping[str, str | None]


class Evidence(Struct, frozen=True, kw_only=True):
    """What somebody saw who looked into the warehouse.

    Catalogs of some adapters never carry comments of relations, or of columns: then an absent
    comment says nothing.
    """

    seen_at: datetime
    by: str
    table: TableComments | None
    """None when the relation was not there."""
    tells_relations: bool = True
    tells_columns: bool = True


class Finding(Struct, frozen=True):
    """Whether a text was there; else what was, and why."""

    is_shown: bool
    comment: str | None = None
    reason: str | None = None


def look(row: DocChangeRow, evidence: Evidence) -> Finding | None:
    """Look for the text of `row`; None when the evidence says nothing about it."""
    table = evidence.table
    if table is None:
        return Finding(
            is_shown=False,
            reason="The warehouse does not have the relation under this name: not built there, or "
            "its name differs in case or quoting.",
        )
    if not row.column_key:
        name, comment = None, table.comment
    else:
        name = _column(row.column_name or row.column_key, table.columns)
        comment = table.columns[name] if name else None
    if _shows(comment, row.description):
        return Finding(is_shown=True)
    tells = evidence.tells_columns if row.column_key else evidence.tells_relations
    if not comment and not tells:
        return None
    reason = _no_column(row, table.columns) if row.column_key and not name else None
    return Finding(
        is_shown=False, comment=comment, reason=reason or _other_text(row, name, comment or "")
    )


def _shows(comment: str | None, text: str) -> bool:
    return (comment or "").strip() in {text.strip(), text.strip().replace("$", "[$]")}


def _column(name: str, columns: Collection[str]) -> str | None:
    """Find a column: exactly, else the only one that differs in nothing but case."""
    if name in columns:
        return name
    alike = [found for found in columns if found.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _no_column(row: DocChangeRow, columns: Collection[str]) -> str:
    name = row.column_name or row.column_key
    alike = sorted(found for found in columns if _bare(found) == _bare(name))
    if alike:
        return f"There is no column {name}, but {', '.join(alike)}: case or quoting differs."
    return f"The relation has no column {name}."


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _other_text(row: DocChangeRow, name: str | None, comment: str) -> str:
    if not row.description:
        return (
            "Cleared in the project only: dbt leaves a comment where there is no description any "
            "more, until the relation is made anew."
        )
    if name and row.column_name and name != row.column_name and not comment:
        return (
            f"The project writes {row.column_name}, the warehouse {name}: dbt did not find the "
            f"column."
        )
    if not comment:
        return "The warehouse shows no comment, although dbt has built the relation since."
    if _shows(comment, row.before_description or ""):
        return "The warehouse still shows the text before, although dbt has built the relation."
    if row.description.startswith(comment):
        return f"The warehouse cut the text after {len(comment)} characters."
    return (
        "The warehouse shows another text: written by a hook or by hand, or another node builds "
        "the same relation."
    )
