"""Reads the views of sql/views/: one file each, its header says what the view and its columns mean.

sql/README.md describes the header. In a checkout sql/ lies beside the package, in a wheel
inside it.
"""

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_FIELD = re.compile(r" (?P<name>grain|reads)\s+(?P<text>\S.*)")
_COLUMN = re.compile(r" {3}(?P<name>[a-z_0-9]+)\s+(?P<text>\S.*)")
_MORE = re.compile(r" {4,}(?P<text>\S.*)")


@dataclass(frozen=True, slots=True)
class View:
    """One view for analysts: what its file says, and its SELECT, which suits both warehouses."""

    name: str
    description: str
    grain: str
    reads: tuple[str, ...]
    columns: dict[str, str]
    sql: str


def sql_folder() -> Path:
    """Find sql/: inside an installed package, else beside the package."""
    packed = _PACKAGE / "_sql"
    return packed if packed.is_dir() else _PACKAGE.parent / "sql"


def load_views(folder: Path | None = None) -> tuple[View, ...]:
    """Read every view, ordered so that a view comes after those it reads.

    Raises:
        ValueError: a header is not as sql/README.md says, or views read each other in a circle.
    """
    files = sorted((folder or sql_folder() / "views").glob("*.sql"))
    views = {path.stem: parse_view(path.stem, path.read_text(encoding="utf-8")) for path in files}
    needs = {view.name: [name for name in view.reads if name in views] for view in views.values()}
    return tuple(views[name] for name in TopologicalSorter(needs).static_order())


def parse_view(name: str, text: str) -> View:
    """Take a view's file apart.

    Raises:
        ValueError: a part is missing or not as sql/README.md says.
    """
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = [line[2:].rstrip() for line in lines[:end] if line != "--"]
    start = next((i for i, line in enumerate(header) if line.startswith(" grain ")), len(header))
    before, _, description = " ".join(line.strip() for line in header[:start]).partition(": ")
    fields, columns = _fields(name, header[start:])
    sql = "\n".join(lines[end:]).strip().rstrip(";")
    if before != name or not description:
        raise ValueError(f"{name}.sql: the first line must read -- {name}: <what it shows>")
    if set(fields) != {"grain", "reads"} or not columns or not sql:
        raise ValueError(f"{name}.sql: grain, reads, columns and a SELECT are needed")
    reads = tuple(part.strip() for part in fields["reads"].split(","))
    description = description[:1].upper() + description[1:]
    return View(name, description, fields["grain"], reads, columns, sql)


def _fields(view: str, lines: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Read grain and reads, then the columns; a line that is indented further continues one."""
    fields: dict[str, str] = {}
    columns: dict[str, str] = {}
    texts, pattern, last = fields, _FIELD, ""
    for line in lines:
        if line == " columns":
            texts, pattern, last = columns, _COLUMN, ""
        elif found := pattern.fullmatch(line):
            last = found["name"]
            texts[last] = found["text"]
        elif last and (found := _MORE.fullmatch(line)):
            texts[last] += " " + found["text"]
        else:
            raise ValueError(f"{view}.sql: cannot read this line of the header: --{line}")
    return fields, columns
