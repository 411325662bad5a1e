"""Tables and views as the UI shows them: where they lie, what columns mean, what is a key.

Everything is read from the definitions in `tables/` and `sql/views`.
"""

import inspect
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from sigma_dbt_sync.orchestration.checks import ARCHIVE
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.tables import Column, Table
from sigma_dbt_sync.tables.delivery import SIGMA_TABLE_SYNCS
from sigma_dbt_sync.warehouse.view_types import view_types
from sigma_dbt_sync.warehouse.views import View, sql_folder

SCHEMA = "dbt_metadata"


def table_spec(table: Table[Any], settings: Settings) -> dg.AssetSpec:
    """Describe a table, which is made from the archive."""
    return dg.AssetSpec(
        table.name,
        deps=[ARCHIVE],
        description=table.description,
        group_name=table.group,
        kinds={settings.warehouse, "table"},
        metadata={
            "dagster/table_name": f"{SCHEMA}.{table.name}",
            "dagster/column_schema": _table_schema(table),
            "dagster/code_references": _file(Path(inspect.getfile(table.row))),
        },
    )


def view_specs(views: Sequence[View], settings: Settings) -> Iterator[dg.AssetSpec]:
    """Describe views, which are as new as the tables they read.

    Some also show what Sigma was sent. A delivery comes after the load that makes the views, and a
    graph of assets has no circles; so that table is not named among what they read.
    """
    types = view_types()
    return (_view_spec(view, types.get(view.name, {}), settings) for view in views)


def _view_spec(view: View, types: Mapping[str, str], settings: Settings) -> dg.AssetSpec:
    return dg.AssetSpec(
        view.name,
        deps=[name for name in view.reads if name != SIGMA_TABLE_SYNCS.name],
        description=f"{view.description}\n\nGrain: {view.grain}.",
        group_name="analyst_views",
        kinds={settings.warehouse, "view"},
        metadata={
            "dagster/table_name": f"{SCHEMA}.{view.name}",
            "dagster/column_schema": _view_schema(view, types),
            "sql": dg.MetadataValue.md(f"```sql\n{view.sql}\n```"),
            "dagster/code_references": _file(sql_folder() / "views" / f"{view.name}.sql"),
        },
    )


def _file(path: Path) -> dg.CodeReferencesMetadataValue:
    """Link a page to the file that defines what it shows."""
    with warnings.catch_warnings():  # one would come for every table, at every start
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.CodeReferencesMetadataValue(
            code_references=[dg.LocalFileCodeReference(file_path=str(path), label=path.name)]
        )


def _table_schema(table: Table[Any]) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[_column(column, is_key=column.name in table.key) for column in table.stored],
        constraints=dg.TableConstraints(other=[f"unique ({', '.join(table.key)})"]),
    )


def _column(column: Column, *, is_key: bool) -> dg.TableColumn:
    return dg.TableColumn(
        column.name,
        column.kind.value,
        description=column.description,
        constraints=dg.TableColumnConstraints(
            nullable=column.nullable, other=["key"] if is_key else []
        ),
    )


def _view_schema(view: View, types: Mapping[str, str]) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(name, types.get(name, ""), description=text)
            for name, text in view.columns.items()
        ]
    )
