"""The questions of docs/sigma.md, each with its SQL and the columns it promises."""

import re
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "sigma.md"
_QUESTION = re.compile(
    r"^### (\d+)\. ([^\n]+)\n(?:(?!^###).)*?```sql\n(.*?)```\n\nColumns: ([^.]+)\.",
    flags=re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Question:
    """One question an analyst asks."""

    number: int
    title: str
    sql: str
    columns: list[str]


def questions() -> list[Question]:
    """Read all questions, in the order of the page."""
    found = _QUESTION.findall(GUIDE.read_text(encoding="utf-8"))
    return [
        Question(int(number), title, sql, [name.strip() for name in columns.split(",")])
        for number, title, sql, columns in found
    ]
