"""Words statements so that fakesnow runs them as Snowflake would."""

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlglot import exp

from tests.snowflake import fakesnow_patches  # noqa: F401 - first, so that fakesnow can be imported

from fakesnow.converter import from_binding  # isort: skip
from fakesnow.dialect import parse_one  # isort: skip

_IDENTIFIER = re.compile(r"IDENTIFIER\s*\(\s*\?\s*\)", re.IGNORECASE)
_QUOTED_STAGE = re.compile(r"FROM\s+'@((?:[^'\\]|\\.)*)'")
_PASSED_ON = ("BEGIN", "SHOW", "CREATE TEMPORARY STAGE")
"""Beginnings of statements that sqlglot has no grammar for."""
_DDL = (exp.Create, exp.Drop, exp.Alter, exp.Comment)
_COUNTED = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}


@dataclass
class Statement:
    """One statement as the connector sent it: text, and bindings by position."""

    text: str
    bindings: dict[str, Any] = field(default_factory=dict)

    @property
    def is_merge(self) -> bool:
        return self.text.lstrip()[:5].upper() == "MERGE"

    @property
    def longest(self) -> int:
        """How long the longest bound text is."""
        return max((len(str(bound["value"])) for bound in self.bindings.values()), default=0)

    def inlined(self) -> "Statement":
        """Write bound names and quoted stages as plain names; fakesnow reads no other."""
        kept: list[Any] = []
        pieces: list[str] = []
        end = 0
        marks = [found.start() for found in re.finditer(r"\?", self.text)]
        if not _IDENTIFIER.search(self.text):
            marks = []
        names = {self.text.index("?", m.start()): m for m in _IDENTIFIER.finditer(self.text)}
        for place, mark in enumerate(marks, start=1):
            binding = self.bindings[str(place)]
            if mark in names:
                pieces += [self.text[end : names[mark].start()], binding["value"]]
                end = names[mark].end()
            else:
                kept.append(binding)
        text = "".join([*pieces, self.text[end:]])
        bindings = {str(i): b for i, b in enumerate(kept, start=1)} if marks else self.bindings
        return Statement(_QUOTED_STAGE.sub(lambda found: f"FROM @{found[1]}", text), bindings)

    @property
    def tree(self) -> exp.Expression | None:
        """How the text parses; None when it does not."""
        try:
            return parse_one(self.text)
        except Exception:  # noqa: BLE001 - fakesnow will say what is wrong with it
            return None

    @property
    def is_understood(self) -> bool:
        """Whether sqlglot reads it as Snowflake's SQL, and does not merely pass it on."""
        tree = self.tree
        if isinstance(tree, exp.Command):
            return self.text.upper().startswith(_PASSED_ON)
        return tree is not None

    @property
    def is_ddl(self) -> bool:
        return isinstance(self.tree, _DDL) or "TEMPORARY STAGE" in self.text


def merge(conn: Any, statement: Statement) -> dict[str, int]:
    """Run MERGE as DuckDB's own: atomic, and refusing two rows for one, as Snowflake does.

    fakesnow takes MERGE apart instead, which fails inside a transaction and takes doubled rows.
    """
    cursor = conn.cursor()
    tree = cursor._transform(parse_one(statement.text), None)
    whens = tree.args["whens"].expressions
    counts = {_counted(when.args["then"]): 0 for when in whens}
    bound = statement.bindings
    values = [from_binding(bound[str(place)]) for place in range(1, len(bound) + 1)]
    sql = f"{tree.sql(dialect='duckdb')} RETURNING merge_action"
    for (action,) in cursor._duck_conn.execute(sql, values or None).fetchall():
        counts[_COUNTED[action]] += 1
    return {name: counts[name] for name in ("inserted", "updated", "deleted") if name in counts}


def _counted(then: exp.Expression) -> str:
    if isinstance(then, exp.Insert):
        return "inserted"
    return "updated" if isinstance(then, exp.Update) else "deleted"


def keep_comments(conn: Any, statement: Statement) -> None:
    """Store the comments of columns, which fakesnow reads over."""
    tree = statement.tree
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        return
    table = tree.this.this.name.upper()
    for column in tree.this.expressions:
        for constraint in column.find_all(exp.CommentColumnConstraint):
            _comment(conn, table, column.name, constraint.this.name)


def comment_on_column(conn: Any, statement: Statement) -> bool:
    """Run COMMENT ON COLUMN, which fakesnow answers with an error."""
    tree = statement.tree
    if not isinstance(tree, exp.Comment) or tree.args["kind"].upper() != "COLUMN":
        return False
    _comment(conn, tree.this.args["table"].name.upper(), tree.this.name, tree.expression.name)
    return True


def _comment(conn: Any, table: str, column: str, text: str) -> None:
    quoted = text.replace("'", "''")
    conn._duck_conn.execute(f"COMMENT ON COLUMN {table}.{column.upper()} IS '{quoted}'")


def as_snowflake_says(error: duckdb.Error) -> tuple[str, str]:
    """Choose the code and SQL state with which Snowflake reports such an error."""
    if isinstance(error, duckdb.TransactionException):
        return "000625", "57014"
    if isinstance(error, duckdb.CatalogException):
        return "002003", "42S02"
    if isinstance(error, duckdb.InvalidInputException):
        return "100090", "42P18"
    return "100000", "22000"
