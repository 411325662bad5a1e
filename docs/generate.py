"""Writes docs/tables.md and docs/views.md from the row classes and the headers of the views.

Also sql/views/types.json from what the views select. `make docs` runs it. A test holds the files to
what it would write.
"""  # noqa: INP001 - a script, part of no package

import json
from collections.abc import Iterable
from pathlib import Path

from sigma_dbt_sync import tables
from sigma_dbt_sync.tables.render import markdown
from sigma_dbt_sync.tables.spec import BOOKKEEPING_COLUMNS
from sigma_dbt_sync.warehouse.view_types import derive
from sigma_dbt_sync.warehouse.views import View, load_views

FOLDER = Path(__file__).parent

_TABLES = """# Tables

Every table that `sigma-dbt-sync sync` fills, in the schema `DBT_METADATA` on Snowflake and
`dbt_metadata` in DuckDB. For people there are [views](views.md); how to use them in Sigma is in
[sigma.md](sigma.md).

A key names one row. Times are UTC. `node_key` joins any two tables about nodes by one column. Three
columns are in every table:
"""
_VIEWS = """# Views

Made for people, and for Sigma: see [sigma.md](sigma.md). They read the [tables](tables.md) and lie
in the same schema. Each is one SQL file in `sql/views/`.
"""


def pages() -> dict[str, str]:
    """File, seen from here, to text of every generated page."""
    views = load_views()
    return {
        "tables.md": tables_page(),
        "views.md": views_page(views),
        "../sql/views/types.json": json.dumps(derive(views), indent=1) + "\n",
    }


def tables_page() -> str:
    """Write the page of all tables."""
    kept = [f"- `{column.name}`: {column.description}" for column in BOOKKEEPING_COLUMNS]
    names = _contents(table.name for table in tables.ALL)
    return "\n".join([_TABLES, *kept, "", *names, "", *map(markdown, tables.ALL)]).rstrip() + "\n"


def views_page(views: tuple[View, ...]) -> str:
    """Write the page of all views, in the order of their names."""
    ordered = sorted(views, key=lambda view: view.name)
    names = _contents(view.name for view in ordered)
    return "\n".join([_VIEWS, *names, "", *map(_view, ordered)]).rstrip() + "\n"


def _contents(names: Iterable[str]) -> list[str]:
    return [f"- [{name}](#{name})" for name in names]


def _view(view: View) -> str:
    reads = ", ".join(f"`{name}`" for name in view.reads)
    lines = [f"| `{name}` | {_cell(text)} |" for name, text in view.columns.items()]
    about = [view.description, "", f"One row per: {view.grain}.", "", f"Reads {reads}.", ""]
    return "\n".join(
        [f"## {view.name}", "", *about, "| column | meaning |", "|---|---|", *lines, ""]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
